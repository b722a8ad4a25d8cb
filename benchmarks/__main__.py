"""``python -m benchmarks``: measure everything against the bare libraries and print one Markdown table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks import (
    bpe_learning,
    bpe_page,
    bpe_replay,
    decoding,
    editing,
    head_grid,
    hover,
    key_press,
    live_masks,
    long_text,
    other_head,
    recording,
    scrubbing,
    start,
    ui_lateness,
)
from benchmarks.row import HEAD

ALL = (
    recording,
    key_press,
    live_masks,
    ui_lateness,
    other_head,
    editing,
    hover,
    head_grid,
    start,
    long_text,
    bpe_learning,
    bpe_replay,
    bpe_page,
    decoding,
    scrubbing,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[benchmark.NAME for benchmark in ALL],
        metavar="NAME",
        help="; ".join(benchmark.NAME for benchmark in ALL),
    )
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument(
        "--quick", action="store_true", help="a tiny case of each: shows that it runs, measures nothing"
    )
    arguments = parser.parse_args()
    rows = []
    print(f"{machine()}\n\n{HEAD}", flush=True)
    for benchmark in ALL:
        if arguments.only is None or benchmark.NAME in arguments.only:
            for row in benchmark.measure(quick=arguments.quick):
                rows.append(row)
                print(row.line(), flush=True)
    if arguments.json:
        found = [{**asdict(row), "median": row.median, "holds": row.holds} for row in rows]
        Path(arguments.json).write_text(
            json.dumps({"machine": machine(), "rows": found}, indent=2) + "\n", encoding="utf-8"
        )
    return 0


def machine() -> str:
    """One line: cores, system, versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "PySide6-Essentials", "numpy"))
    where = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}"
    load = f"; load before the run {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return where + load


if __name__ == "__main__":
    sys.exit(main())
