"""Whole processes, from their start: to the first painted window, and to the first heat map of the shipped model."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.pairs import Side, in_turn
from benchmarks.row import Row

NAME = "start"
PLATFORM = "offscreen;vnc"  # Qt takes the first; the program sees one that needs no screen, and opens its window
SCRIPTS = Path(__file__).parent / "scripts"


def measure(*, quick: bool = False) -> list[Row]:
    rounds = 1 if quick else 11
    compileall.compile_dir(SCRIPTS.parents[1] / "attnviz", quiet=1)  # as Qt and torch are: by whoever installed them
    with tempfile.TemporaryDirectory(prefix="attnviz-benchmark-") as home:
        rows = []
        moments = (
            ("frame", "start to first frame, still empty"),
            ("window", "start to the window with its tabs"),
        )
        for moment, what in moments:
            pair = in_turn(_run("program.py", home, moment), _run("bare_window.py", home), rounds)
            rows.append(Row(NAME, what, "bare QMainWindow script", "≤ 1.8", 1.8, pair.ratios, note=pair.said()))
        first_frame, answered = _run("program.py", home, "frame"), _run("program.py", home, "tokenization")
        after = tuple(answered() - first_frame() for _ in range(rounds))
        what = "Tokenization tab in front: from the window's appearance to its sample learned, cut and drawn"
        rows.append(Row(NAME, what, "torch not yet imported", "≤ 1 s", 1.0, after, "s"))
        if not quick:
            heat_map = in_turn(_run("program.py", home, "heat-map"), _run("bare_forward.py", home), rounds)
            against = "bare script: import torch, load, forward"
            rows.append(
                Row(
                    NAME,
                    "start to first heat map of the shipped model",
                    against,
                    "≤ 1.15",
                    1.15,
                    heat_map.ratios,
                    note=heat_map.said(),
                )
            )
    return rows


def _run(script: str, home: str, *arguments: str) -> Side:
    """Seconds from starting Python to the first line that the script prints."""
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": PLATFORM,
        "PYTHONPATH": str(SCRIPTS.parents[1]),
        **dict.fromkeys(homes, home),
    }
    command = [sys.executable, str(SCRIPTS / script), *arguments]

    def side() -> float:
        started = time.perf_counter()
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            taken = time.perf_counter() - started
            process.stdout.read()
        assert line == "there\n", f"{script} said {line!r}"
        return taken

    return side
