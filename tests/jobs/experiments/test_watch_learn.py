"""Watch it learn: against greedy decoding step by step, the recorded attention, the formula by hand, and itself again."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from attnviz.errors import JobError
from attnviz.jobs.experiments.watch_learn import ALIGNMENTS, EXACT, LOSS, WHO, WRITTEN, WatchLearn, places
from attnviz.models.experiments import watch_learn as lab
from attnviz.models.experiments.learner import Course
from attnviz.models.library import Library
from attnviz.text.dates import part_of, target_ids, ways
from attnviz.trace import Attention, Conclusion, Matrix, Plot, Progress, Record, Rows, Site, Trace
from checkpoints.recipes.decoding import greedy

SMALL = WatchLearn(steps=10, looks=3, seed=4)
EXAMPLES = [
    (ways(day)[8], day.isoformat()) for day in (date(1950 + 7 * number, 10, 10 + number) for number in range(12))
]
each_model = pytest.mark.parametrize("make", [lab.recurrent, lab.transformer], ids=WHO)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(SMALL.run(Library()))


@pytest.fixture(scope="module")
def trace(records: list[Record]) -> Trace:
    return Trace().plus(*records)


def finished(run):
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


@each_model
def test_exact_match_is_greedy_decoding_counted(make) -> None:
    """While a model learns twelve dates by heart, one pass counts what decoding sign by sign writes right; the loss is torch's."""
    batch = lab.batch_of(EXAMPLES)
    pupil = lab.Pupil(make(1), Course(150, 6e-3, 5))
    counts = []
    for _ in range(15):
        found = finished(lab.judged(pupil.model, [batch]))
        answers = greedy(pupil.model, [tuple(row) for row in batch.source.tolist()], lab.LONGEST)
        right = [answer == target_ids(iso) for answer, (_, iso) in zip(answers, EXAMPLES, strict=True)]
        assert (found.right, found.total) == (sum(right), 12)
        assert lab.written(pupil.model, batch.source[:1]) == answers[0]
        with torch.no_grad():
            logits = pupil.model(batch.source, batch.previous).double()
        expected = float(cross_entropy(logits.flatten(0, 1), batch.wanted.flatten()))
        assert found.loss == pytest.approx(expected, abs=1e-6)
        counts.append(found.right)
        for _ in range(10):
            pupil.learn(batch)
    assert counts[0] == 0
    assert counts[-1] == 12
    assert any(0 < count < 12 for count in counts)


def test_the_additive_alignment_is_its_formula() -> None:
    """softmax(v · tanh(W h + U h̃)) in numpy, from the model's own states."""
    model, batch = lab.recurrent(3), lab.batch_of(EXAMPLES[:1])
    with torch.no_grad():
        encoded = model.encode(batch.source)
        hidden = model.steps(batch.previous, encoded.fixed, encoded).hidden[0].numpy()
    states = encoded.states[0].numpy()
    query, key, value = (getattr(model.attention, part).weight.detach().numpy() for part in ("query", "key", "value"))
    scores = np.tanh((hidden @ query.T)[:, None] + (states @ key.T)[None]) @ value[0]
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(lab.alignment(model, batch), weights, atol=1e-6)


def test_the_transformers_alignment_is_what_is_recorded() -> None:
    """The mean of the heads of the last cross-attention, as looking at the model records it."""
    model, batch = lab.transformer(3), lab.batch_of(EXAMPLES[:1])
    seen = Trace().plus(*model.trace(batch.source, batch.previous))
    cross = seen.find(Attention, (Site.CROSS, 1))
    mean = np.mean([cross.weights(head) for head in range(cross.heads)], 0)
    np.testing.assert_allclose(lab.alignment(model, batch), mean, atol=1e-6)


def test_no_day_is_learned_that_is_examined() -> None:
    """Held-out days are of the test part, training days are not, and the example is in neither; lengths are right."""
    without = next(day for day in (date(2000, 1, 1 + number) for number in range(31)) if part_of(day) == "train")
    data = finished(lab.prepared(20, 0, without))
    learned = {iso for pairs in data.training.values() for _, iso in pairs}
    assert all(part_of(date.fromisoformat(iso)) == "train" for iso in learned)
    assert without.isoformat() not in learned
    assert all(len(way) == length for length, pairs in data.training.items() for way, _ in pairs)
    shown = [tuple(row) for batch in data.held_out for row in batch.wanted[:, :-1].tolist()]
    assert len(shown) == len(set(shown)) == lab.HELD_OUT
    assert not {target_ids(iso) for iso in learned} & set(shown)
    batch = data.draw(random.Random(1))
    assert batch.source.shape[0] == lab.ROWS
    assert batch.previous[:, 1:].equal(batch.wanted[:, :-1])


def test_the_same_seed_gives_the_same_run(records: list[Record]) -> None:
    """Every curve, matrix and sentence; another seed gives another."""
    again = list(SMALL.run(Library()))
    assert [type(record) for record in again] == [type(record) for record in records]
    for one, other in zip(records, again, strict=True):
        if isinstance(one, Matrix):
            np.testing.assert_array_equal(one.values, other.values)
        elif isinstance(one, Plot):
            for mine, theirs in zip(one.series, other.series, strict=True):
                np.testing.assert_array_equal(mine.values, theirs.values)
        else:
            assert one == other
    elsewhere = Trace().plus(*replace(SMALL, seed=5).run(Library()))
    losses = [found.find(Plot, LOSS).series[0].values for found in (Trace().plus(*records), elsewhere)]
    assert (losses[0] != losses[1]).all()


def test_every_look_is_kept(trace: Trace) -> None:
    """Three moments: of both curves, of both alignments, and in the table; each row of an alignment sums to one."""
    assert all(
        series.places.tolist() == [0, 5, 10] for name in (LOSS, EXACT) for series in trace.find(Plot, name).series
    )
    for name in ALIGNMENTS.values():
        for moment in (0, 5, 10):
            matrix = trace.find(Matrix, (name, moment))
            assert matrix.rows == (*"2026-11-22", "end")
            assert "".join(matrix.columns) == "Sunday, 22 November 2026"
            np.testing.assert_allclose(matrix.values.sum(1), 1, atol=1e-5)
    rows = trace.find(Rows, WRITTEN).table.rows
    assert [row[0] for row in rows] == [0, 5, 10]
    for place in range(2):
        losses = trace.find(Plot, LOSS).series[2 * place].values
        assert [row[3 * place + 1] for row in rows] == losses.tolist()


def test_they_learn_and_the_conclusion_says_how_far(trace: Trace) -> None:
    """The losses fall in ten steps, and the sentences have the run's own numbers."""
    sentences = trace.find(Conclusion).sentences
    assert len(sentences) == 3
    for place, name in enumerate(WHO):
        held_out = trace.find(Plot, LOSS).series[2 * place].values
        assert held_out[-1] < held_out[0] - 0.3
        assert f"from {held_out[0]:.2f} to {held_out[-1]:.2g} nats" in sentences[place]
        assert "half not reached" in sentences[place]
        ends = [trace.find(Matrix, (ALIGNMENTS[name], moment)).values for moment in (0, 10)]
        assert f"from {ends[0].max(1).mean():.2f} to {ends[1].max(1).mean():.2f}" in sentences[2]
        shares = [100 * np.mean([sum(row[20:24]) for row in weights[:4]]) for weights in ends]
        assert f"from {shares[0]:.1f} % to {shares[1]:.1f} %" in sentences[2]
    assert f"evenly spread: {1 / 24:.2f}" in sentences[2]


def test_it_can_be_stopped_before_every_step(records: list[Record]) -> None:
    """A chance between any two steps of either model, and between the batches of an examination; closing ends it."""
    waits = [record for record in records if isinstance(record, Progress)]
    assert sum(record.what.startswith("learning") for record in waits) == 2 * SMALL.steps
    assert sum(record.what.startswith("examining") for record in waits) >= 3 * 2 * 10
    run = SMALL.run(Library())
    assert any(isinstance(record, Progress) and record.what.startswith("learning") for record in run)
    run.close()
    assert next(run, None) is None


@pytest.mark.parametrize("day", ["2026-13-01", "1899-12-31", "20261122", "tomorrow", "2100-01-01"])
def test_what_is_no_day_is_refused(day: str) -> None:
    """In a sentence that names it and says how one is written."""
    with pytest.raises(JobError, match=f"written like 2026-11-22, not '{day}'") as refused:
        WatchLearn(day=day)
    assert refused.value.code == "BAD_SETTING"


def test_looks_are_even_and_never_more_than_steps() -> None:
    assert places(10, 3) == (0, 5, 10)
    assert places(10, 200) == tuple(range(11))
    assert places(600, 40)[-1] == 600
