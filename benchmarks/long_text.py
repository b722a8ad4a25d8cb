"""8,192 tokens with every record kept, against the same sizes run bare: the peak memory of a process each."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.pairs import in_turn
from benchmarks.row import Row

NAME = "long-text"
TOKENS = 8192


SIZES = {"2 layers × 128": (2, 128, 4), "6 layers × 384, the shipped model's sizes": (6, 384, 12)}


def measure(*, quick: bool = False) -> list[Row]:
    return [_row(said, 64 if quick else TOKENS, 1 if quick else 3) for said in SIZES]


def _row(said: str, length: int, rounds: int) -> Row:
    pairs = in_turn(lambda: _peak("records", said, length), lambda: _peak("bare", said, length), rounds)
    note = f"{max(pairs.ours):.0f} MiB : {max(pairs.theirs):.0f} MiB"
    what = f"{length:,} tokens inspected, peak memory ({said})"
    return Row(NAME, what, "bare forward of the same model", "≤ 1.3", 1.3, pairs.ratios, note=note)


def _peak(side: str, said: str, length: int) -> float:
    """MiB."""
    command = [sys.executable, "-m", "benchmarks.long_text", side, said, str(length)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    import torch

    from attnviz.models.attention import overview
    from attnviz.trace import Attention, Trace
    from benchmarks.subjects import random_model

    layers, hidden, heads = SIZES[sys.argv[2]]
    length = int(sys.argv[3])
    model = random_model(hidden=hidden, layers=layers, heads=heads, positions=length)
    ids = torch.arange(length)[None] % 1000
    with torch.inference_mode():
        if sys.argv[1] == "bare":
            model(ids)
        else:
            trace = Trace()
            for record in model.trace(ids, torch.zeros_like(ids)):
                trace = trace.plus(record)
            for attention in trace.every(Attention):
                trace = trace.plus(overview(attention, (length - 1,)))
    print(_peak_of_this_process())


def _peak_of_this_process() -> float:
    """MiB. Linux hands ``ru_maxrss`` down from the parent, so its own high-water mark is read where there is one."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024  # type: ignore[index] # Linux has it
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
