"""Learning stops often, by count and not by the clock, and a cancelled one ends where it stops next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from pytestqt.qtbot import QtBot

from attnviz.engine import Engine
from attnviz.errors import Cancelled
from attnviz.jobs import learn_bpe
from attnviz.jobs.learn_bpe import CHUNK, LearnBpe, _spaced
from attnviz.text.bpe_learner import PORTION, Learner
from attnviz.text.pretokens import portions
from attnviz.trace import Merges, Progress, Record
from tests.asked import Listener

WORDS = "\n".join(f"{number}word{number * 7919 % 1000} {number:x}" for number in range(3000))


class Watched(Learner):
    """Keeps itself, and counts the merges that were begun."""

    made: Watched

    def __init__(self, alphabet: list[str]) -> None:
        super().__init__(alphabet)
        self.begun = 0
        Watched.made = self

    def take(self, rank: int):
        self.begun += 1
        return super().take(rank)


@dataclass(frozen=True)
class Held:
    """Learns, and waits in the middle until it may go on."""

    reached: threading.Event = field(default_factory=threading.Event)
    may_go_on: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    given: list[Record] = field(default_factory=list)

    needs_models = False

    def run(self, _library: object) -> Iterator[Record]:
        try:
            for record in LearnBpe(WORDS, 5000, "bytes").run(None):
                self.given.append(record)
                if isinstance(record, Merges) and not self.reached.is_set():
                    self.reached.set()
                    assert self.may_go_on.wait(30)
                yield record
        finally:
            self.closed.set()


@pytest.mark.parametrize("text", ["ab" * 150_000 + "ba" * 70_000, WORDS], ids=["one word", "many words"])
def test_learning_stops_after_so_much_work(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Between two stops fewer than two portions of places are looked at, and no more than a chunk of merges begins."""
    monkeypatch.setattr(learn_bpe, "Learner", Watched)
    work = []
    for record in LearnBpe(text, 600, "chars", "none").run(None):
        if hasattr(Watched, "made"):
            work.append((Watched.made.looked_at, Watched.made.begun))
        if isinstance(record, learn_bpe.Learned):
            break
    del Watched.made
    assert work[-1][0] > 2 * PORTION
    assert max(after[0] - before[0] for before, after in pairwise(work)) < 2 * PORTION
    assert max(after[1] - before[1] for before, after in pairwise(work)) <= CHUNK


def test_a_cancelled_learning_ends_where_it_stops_next(qtbot: QtBot) -> None:
    """Cancelled while merges are being learned: the sink hears of it at once, and the worker learns nothing more."""
    engine, job, sink = Engine(object), Held(), Listener()
    try:
        engine.submit(job, sink)
        qtbot.waitUntil(job.reached.is_set)
        given = len(job.given)
        engine.cancel(sink)
        assert [type(ending) for ending in sink.endings] == [Cancelled]
        job.may_go_on.set()
        qtbot.waitUntil(job.closed.is_set)
        assert len(job.given) == given
    finally:
        job.may_go_on.set()
        assert engine.close()
        engine.deleteLater()


@pytest.mark.parametrize(
    "text", ["", " a\x1cb \u2003c\n\nd\r\ne ", "word " * 5000, "x" * 30_000 + " y", "a\x85b\u2028c"]
)
def test_words_between_white_space_are_counted_as_python_splits(text: str) -> None:
    """In portions, so that no call is long."""
    assert _spaced(text) == len(text.split())
    assert "".join(part for portion in portions(text) for part in portion) == text


def test_whole_words_are_counted_in_small_steps() -> None:
    """The comparison with whole words stops often enough to be cancelled and to let the window draw."""
    text = "\n".join(f"{number} word{number * 7919 % 9973}s" for number in range(20_000))
    told = [record for record in LearnBpe(text, 10).run(None) if isinstance(record, Progress)]
    assert sum(record.what == "counting whole words" for record in told) > 20
