"""15 % and beyond: against transformers' BERT and ELECTRA, torch's optimiser, counting by hand, and itself again."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from attnviz import places
from attnviz.errors import JobError
from attnviz.jobs.experiments import mask_rates
from attnviz.jobs.experiments.mask_rates import MaskRates, novel
from attnviz.jobs.experiments.mask_rates_figures import BERTS, DETECTION, END, PROBES, STEPS, SUPERVISED
from attnviz.models.experiments import pretraining as lab
from attnviz.models.experiments.learner import Course
from attnviz.models.experiments.pretraining_measures import detection, judged, masked_loss, replaced, word_logits
from attnviz.models.library import Library
from attnviz.text.lexicon import MASK, UNKNOWN
from attnviz.trace import Conclusion, Plot, Progress, Record, Rows, Trace
from checkpoints.recipes.electra import area

COURSE = Course(20, 1e-3, 2)
JOB = MaskRates(steps=10, looks=3, seed=2)
TEXT = " ".join(f"the {number % 7} cats saw {number % 5} dogs, and dog {number % 3} ran." for number in range(900))


@pytest.fixture(scope="module")
def corpus() -> lab.Corpus:
    return finished(lab.read(TEXT, 0))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short novel."""
    home = tmp_path_factory.mktemp("home")
    (home / "texts").mkdir()
    (home / "texts" / mask_rates.NOVEL).write_text(TEXT, encoding="utf-8")
    return home


@pytest.fixture
def short(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask_rates, "resources", lambda: home)


@pytest.fixture(scope="module")
def records(home: Path) -> list[Record]:
    """A small run of everybody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mask_rates, "resources", lambda: home)
        return list(JOB.run(Library()))


def finished(run):
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


def chance(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_one_step_of_bert_is_torchs_own(corpus: lab.Corpus) -> None:
    """The loss is the mean of −log p at the masks, the step is that of torch's AdamW after its clip_grad_norm_."""
    model = lab.encoder(64, 1, 0, corpus, mlm=True)
    known = copy.deepcopy(model)
    learner = lab.MaskedModel(model, 0.4, COURSE)
    ids = corpus.draw(chance(1))
    loss = learner.learn(ids, chance())
    batch = lab.masked(ids, 0.4, chance(), len(corpus.lexicon.words))
    assert learner.supervised == len(batch.wanted)
    optimiser = torch.optim.AdamW(known.parameters(), lr=COURSE.rate / 2, weight_decay=COURSE.decay)
    logits = known.word_logits(known(batch.ids))  # (rows, tokens, vocabulary)
    chosen = [
        -functional.log_softmax(logits[row, column], -1)[wanted]
        for row, column, wanted in zip(batch.rows, batch.columns, batch.wanted, strict=True)
    ]
    expected = torch.stack(chosen).mean()
    expected.backward()
    nn.utils.clip_grad_norm_(known.parameters(), COURSE.clip)
    optimiser.step()
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for mine, theirs in zip(model.parameters(), known.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=2e-5)


def test_electras_loss_is_its_two_losses_by_hand(corpus: lab.Corpus) -> None:
    """Cross-entropy at the masks plus fifty times the binary one at every known word; the words are one table, which both move."""
    electra = lab.Electra(lab.encoder(32, 1, 0, corpus, mlm=True), lab.encoder(64, 1, 0, corpus, rtd=True), COURSE)
    assert electra.generator.embeddings.word is electra.discriminator.embeddings.word
    ids = corpus.draw(chance(1))
    batch = lab.masked(ids, 0.15, chance())
    loss = electra.loss(ids, batch, chance(5))
    logits = word_logits(electra.generator, batch)
    drawn = torch.multinomial(logits.softmax(-1), 1, generator=chance(5))[:, 0]
    spoiled = batch.ids.clone()
    for row, column, word in zip(batch.rows, batch.columns, drawn, strict=True):
        spoiled[row, column] = word
    assert not (spoiled == MASK).any()
    told = electra.discriminator.replaced_logits(electra.discriminator(spoiled)).sigmoid()
    truth = (spoiled != ids).float()
    each = -(truth * told.log() + (1 - truth) * (1 - told).log())[ids != UNKNOWN]
    expected = functional.cross_entropy(logits, batch.wanted) + 50 * each.mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    before = [parameter.detach().clone() for parameter in electra.parameters]
    electra.learn(ids, chance())
    assert electra.supervised == int((ids != UNKNOWN).sum())
    assert all((one != two).any() for one, two in zip(before, electra.parameters, strict=True))


def test_nothing_flows_back_through_what_was_drawn(corpus: lab.Corpus) -> None:
    """The generator's own layers have the gradient of their own loss."""
    electra = lab.Electra(lab.encoder(32, 1, 0, corpus, mlm=True), lab.encoder(64, 1, 0, corpus, rtd=True), COURSE)
    ids = corpus.draw(chance(1))
    batch = lab.masked(ids, 0.15, chance())
    own = list(electra.generator.layers.parameters())
    both = torch.autograd.grad(electra.loss(ids, batch, chance(5)), own)
    alone = torch.autograd.grad(masked_loss(electra.generator, batch), own)
    for one, other in zip(both, alone, strict=True):
        torch.testing.assert_close(one, other)


def test_a_probe_learns_and_leaves_the_encoder_alone(corpus: lab.Corpus) -> None:
    """Its loss falls; no weight of the encoder moves."""
    model = lab.encoder(64, 1, 0, corpus, rtd=True)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    probe = lab.Probe(model, corpus, Course(60, 2e-2, 2))
    losses = [probe.learn(corpus.draw(chance()), chance()) for _ in range(60)]
    assert losses[-1] < losses[0] - 0.1
    assert all(one.equal(two) for one, two in zip(before, model.parameters(), strict=True))


def test_accuracy_is_counted(corpus: lab.Corpus) -> None:
    """Word by word: where the largest logit is that of the word behind the mask."""
    model = lab.encoder(64, 1, 0, corpus, mlm=True)
    found = finished(judged(lambda batch: word_logits(model, batch), corpus.held_out))
    right = total = 0
    for batch in corpus.held_out:
        with torch.no_grad():
            logits = model.word_logits(model(batch.ids))
        for row, column, wanted in zip(batch.rows.tolist(), batch.columns.tolist(), batch.wanted.tolist(), strict=True):
            assert batch.ids[row, column] == MASK
            right += int(np.argmax(logits[row, column].numpy())) == wanted
            total += 1
    assert (found.right, found.total) == (right, total)
    assert 0 < right < total


def test_detection_is_counted() -> None:
    """F1 by hand, and the area as the recipe's own has it, which its test holds against pairs; nothing replaced has no area."""
    draws = chance(2)
    logits = torch.randn(200, generator=draws).round(decimals=1)
    truth = torch.rand(200, generator=draws) < 0.3
    found = detection(logits, truth)
    said = [bool(logit > 0) for logit in logits]
    hits = sum(one and bool(other) for one, other in zip(said, truth, strict=True))
    precision, recall = hits / sum(said), hits / int(truth.sum())
    assert found.f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert found.area == pytest.approx(area(logits.numpy(), truth.numpy()))
    positives, negatives = logits[truth], logits[~truth]
    pairs = (positives[:, None] > negatives).double() + (positives[:, None] == negatives).double() / 2
    assert found.area == pytest.approx(float(pairs.mean()))
    assert np.isnan(detection(logits, torch.zeros(200, dtype=torch.bool)).area)


def test_held_out_blocks_are_not_learned_and_lower_rates_are_among_higher_ones(corpus: lab.Corpus) -> None:
    """One block in ten; the same draws choose more words at a higher rate, and no unknown one."""
    words = (
        len(corpus.training) * lab.TOKENS,
        sum(len(each.ids) for each in corpus.held_out) // lab.ROUNDS * lab.TOKENS,
    )
    assert words[1] == pytest.approx(words[0] / 9, rel=0.05)
    ids = corpus.draw(chance(1)).clone()
    ids[:, ::2] = UNKNOWN
    chosen = []
    for rate in (0.05, 0.15, 0.4):
        batch = lab.masked(ids, rate, chance())
        places_ = set(zip(batch.rows.tolist(), batch.columns.tolist(), strict=True))
        assert all(ids[place] != UNKNOWN for place in places_)
        assert len(places_) == pytest.approx(rate * 512, rel=0.4)
        chosen.append(places_)
    assert chosen[0] < chosen[1] < chosen[2]


def test_a_replaced_text_has_the_drawn_words(corpus: lab.Corpus) -> None:
    """Where the generator is sure, it writes what it is sure of."""
    batch = corpus.held_out[0]
    sure = functional.one_hot(batch.wanted, len(corpus.lexicon.words)) * 100.0
    text = replaced(batch, sure, chance())
    assert text[batch.rows, batch.columns].equal(batch.wanted)
    assert (text != batch.ids).sum() == len(batch.wanted)


def test_every_look_is_in_the_curves(records: list[Record]) -> None:
    """Four curves and the baseline by steps, three by words asked for, two probes, two scores; a row each in the table."""
    trace = Trace().plus(*records)
    counts = {name: len(trace.find(Plot, name).series) for name in (STEPS, SUPERVISED, PROBES, DETECTION)}
    assert counts == {STEPS: 5, SUPERVISED: 3, PROBES: 3, DETECTION: 2}
    for name in (STEPS, PROBES, DETECTION):
        assert all(series.places.tolist() == [0, 5, 10] for series in trace.find(Plot, name).series)
    rows = {row[0]: row for row in trace.find(Rows, END).table.rows}
    by_steps = {series.name: series for series in trace.find(Plot, STEPS).series}
    for name in BERTS:
        assert rows[name][1] == 10 * 32 * 32
        assert rows[name][3] == by_steps[name].values[-1]
    asked = trace.find(Plot, SUPERVISED).series
    assert [series.places[-1] for series in asked] == [rows[name][2] for name in BERTS]


def test_the_conclusion_has_the_runs_numbers(records: list[Record], corpus: lab.Corpus) -> None:
    """The accuracies after the last step, and the baseline."""
    trace = Trace().plus(*records)
    first, second, third = trace.find(Conclusion).sentences
    series = trace.find(Plot, STEPS).series
    for curve, rate in zip(series, ("5 %", "15 %", "40 %"), strict=False):
        assert f"{100 * curve.values[-1]:.1f} % at {rate}" in first
    assert f"right in {100 * series[-1].values[-1]:.1f} %" in first
    words = len(corpus.training) * lab.TOKENS
    assert f"the {words:,} words of a novel's beginning {10 * 1024 / words:.1f} times" in first
    least = int(trace.find(Plot, SUPERVISED).series[0].places[-1])
    assert f"for {least:,} words" in second
    probes = trace.find(Plot, PROBES).series
    assert f"reads {100 * probes[1].values[-1]:.1f} % of" in third


@pytest.mark.usefixtures("short")
def test_the_same_seed_gives_the_same_run(records: list[Record]) -> None:
    """Every number of every curve."""
    again = list(JOB.run(Library()))
    assert [type(record) for record in records] == [type(record) for record in again]
    for one, other in zip(records, again, strict=True):
        if isinstance(one, Plot):
            for mine, theirs in zip(one.series, other.series, strict=True):
                np.testing.assert_array_equal(mine.values, theirs.values)
        else:
            assert one == other


@pytest.mark.usefixtures("short")
def test_it_can_be_stopped_before_every_step_of_everybody(records: list[Record]) -> None:
    """Six learn at each of the steps; closing ends it."""
    waits = [record for record in records if isinstance(record, Progress) and record.what == "pre-training"]
    assert len(waits) == 6 * JOB.steps
    run = JOB.run(Library())
    assert any(isinstance(record, Progress) and record.what == "pre-training" for record in run)
    run.close()
    assert next(run, None) is None


def test_it_learns_what_a_simple_text_is_like(corpus: lab.Corpus) -> None:
    """Forty steps on sentences of one form: BERT predicts far more than the most frequent word."""
    bert = lab.MaskedModel(lab.encoder(64, 1, 0, corpus, mlm=True), 0.4, Course(40, 4e-3, 4))
    before = finished(bert.judged(corpus.held_out))
    for step in range(40):
        bert.learn(corpus.draw(chance(step)), chance(step))
    after = finished(bert.judged(corpus.held_out))
    most = float((corpus.wanted == int(corpus.frequent.argmax())).double().mean())
    assert after.accuracy > most + 0.1
    assert after.loss < before.loss - 0.3


def test_the_shipped_novel_is_read_and_a_missing_one_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Emma begins as it begins; without it one sentence says what to do."""
    assert novel().startswith("Emma Woodhouse, handsome, clever, and rich,")
    assert (places.resources() / "texts" / mask_rates.NOVEL).stat().st_size < 320_000
    monkeypatch.setattr(mask_rates, "resources", lambda: tmp_path)
    with pytest.raises(JobError, match="install attnviz again"):
        novel()
