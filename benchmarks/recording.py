"""A forward that yields its records, against the same model called for its last states only."""

from __future__ import annotations

from collections import deque

from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row
from benchmarks.subjects import bare_forward, checkpoint, tokens

NAME = "recording"


def measure(*, quick: bool = False) -> list[Row]:
    return [_row(length, 2 if quick else 41) for length in ((8,) if quick else (32, 128, 512))]


def _row(length: int, rounds: int) -> Row:
    opened, encoded = checkpoint(), tokens(length)
    repeats = max(1, 512 // length // 2)
    recorded = timed(lambda: deque(opened.trace(encoded), maxlen=0), repeats)
    pairs = in_turn(recorded, timed(bare_forward(length), repeats), rounds)
    what = f"forward with records, {length} tokens"
    return Row(NAME, what, "the same model without records", "≤ 1.05", 1.05, pairs.ratios, note=pairs.said())
