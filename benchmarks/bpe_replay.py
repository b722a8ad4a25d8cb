"""The time machine under the hand: the slider over 8,000 merges, and an edit of one character."""

from __future__ import annotations

import random

from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.text.bpe_replay import Replay
from attnviz.trace import Learned
from benchmarks.bpe_learning import english
from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row

NAME = "bpe-replay"


def measure(*, quick: bool = False) -> list[Row]:
    size, merges, rounds = (50_000, 200, 2) if quick else (1_000_000, 8000, 31)
    learned = next(
        record for record in LearnBpe(english(size), merges, "bytes").run(None) if isinstance(record, Learned)
    )
    return [_slider(learned, merges, rounds), _edit(learned, rounds)]


def _slider(learned: Learned, merges: int, rounds: int) -> Row:
    sentence = " ".join(english(20_000).split()[:200])
    timeline = Replay(learned.json).timeline(sentence)
    moments = iter(random.Random(7).choices(range(merges + 1), k=100_000))
    move = timed(lambda: timeline.pieces(next(moments)), 20)
    move()
    values = tuple(move() * 1000 for _ in range(rounds))
    what = f"slider moved anywhere over {merges:,} merges, 200 words cut anew"
    return Row(NAME, what, "a frame at 60 a second", "≤ 16 ms", 16.0, values, unit="ms")


def _edit(learned: Learned, rounds: int) -> Row:
    text = english(60_000)[-10_000:]
    replay = Replay(learned.json, local=True)
    before = replay.timeline(text)
    edited = text[:5000] + "q" + text[5000:]
    ours = timed(lambda: replay.edited(before, edited))
    theirs = timed(lambda: Replay.timeline(replay, edited))
    pairs = in_turn(ours, theirs, rounds)
    against = "all of the 10 KB cut again, words remembered"
    return Row(NAME, "one character typed into 10 KB", against, "≤ 0.05", 0.05, pairs.ratios, note=pairs.said())
