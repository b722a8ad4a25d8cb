"""Mask rates: every number against transformers on the same ids, and what a run does with texts of all kinds."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM

from attnviz.errors import CheckpointError, JobError
from attnviz.jobs.measure_mask_rates import RATES, MeasureMaskRates
from attnviz.models import mask_rates
from attnviz.models.bert import BertBlock
from attnviz.models.library import Library
from attnviz.models.mask_rates import batches
from attnviz.models.reference import Reference
from attnviz.text.codec import Codec
from attnviz.text.masking import choose
from attnviz.text.passages import passages
from attnviz.text.tokenizer_file import sanitise
from attnviz.trace import Masking, Measured, Notice, Progress, RatePoint
from tests import family
from tests.badinputs.valid import write_bert_folder
from tests.records import run
from tests.windows import strong_folder

TEXT = "the cat sat on a mat with it in the plain sentence"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return Reference(str(strong_folder(tmp_path_factory.mktemp("rates") / "tiny")))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def authority(folder: str) -> BertForMaskedLM:
    """The same weights in the model of transformers."""
    model = BertForMaskedLM(BertConfig.from_json_file(Path(folder) / "config.json")).eval()
    found = model.load_state_dict(load_file(Path(folder) / "model.safetensors"), strict=False)
    assert set(found.missing_keys) <= {"cls.predictions.decoder.weight", "cls.predictions.decoder.bias"}
    return model


def test_every_point_equals_transformers(library, reference):
    """Positions from the sampler, logits from the authority: counts, right answers, sums and sums of squares."""
    passes, seed = 3, 11
    trace = run(library, MeasureMaskRates(reference, TEXT, seed, passes))
    checkpoint, model = library.encoder(reference), authority(reference.path)
    tokens, words = checkpoint.codec.encode(TEXT), checkpoint.codec.vocabulary
    assert [point.rate for point in trace.every(RatePoint)] == list(RATES)
    for rate in RATES:
        losses, right = [], 0
        for epoch in range(passes):
            chosen = choose(tokens, Masking(rate, (1.0, 0.0, 0.0)), seed, words, epoch)
            ids = torch.tensor([tokens.ids])
            for one in chosen:
                ids[0, one.position] = checkpoint.codec.mask
            with torch.inference_mode():
                logits = model(ids).logits[0].double()
            for one in chosen:
                losses.append(-float(logits[one.position].log_softmax(-1)[one.original]))
                right += int(logits[one.position].argmax()) == one.original
        point = trace.find(RatePoint, rate)
        assert (point.texts, point.predictions, point.right) == (passes, len(losses), right)
        assert point.nats == pytest.approx(sum(losses), abs=1e-3)
        assert point.squared_nats == pytest.approx(sum(loss**2 for loss in losses), rel=1e-3)


def test_derived_numbers_are_those_of_a_textbook():
    """Accuracy with its binomial standard error, mean -ln p with numpy's, positions and right answers per text."""
    losses = np.array([0.1, 2.0, 3.5, 0.7, 1.1])
    point = RatePoint(0.15, texts=2, predictions=5, right=3, nats=losses.sum(), squared_nats=(losses**2).sum())
    assert point.accuracy == pytest.approx(3 / 5)
    assert point.accuracy_error == pytest.approx(math.sqrt(0.6 * 0.4 / 5))
    assert point.cross_entropy == pytest.approx(losses.mean())
    assert point.cross_entropy_error == pytest.approx(losses.std(ddof=1) / math.sqrt(5))
    assert (point.supervised, point.taught) == (2.5, 1.5)
    assert point.taught == pytest.approx(point.accuracy * point.supervised)
    assert point.taught_error == pytest.approx(math.sqrt(5 * 0.6 * 0.4) / 2)
    nothing = RatePoint(0.05)
    assert all(map(math.isnan, (nothing.accuracy, nothing.accuracy_error, nothing.cross_entropy, nothing.supervised)))


def test_a_curve_is_there_after_the_first_passage(library, reference):
    """Every rate has its point before a second passage is read, and each record replaces the one before."""
    text = "\n".join([TEXT] * 12)
    records = list(MeasureMaskRates(reference, text, passes=2).run(library))
    measured = next(record for record in records if isinstance(record, Measured))
    assert measured.passages > 2
    points = [record for record in records if isinstance(record, RatePoint)]
    second = next(place for place, point in enumerate(points) if point.texts == 2)
    assert {point.rate for point in points[:second]} == set(RATES)
    progress = [record.done for record in records if isinstance(record, Progress)]
    assert progress == sorted(progress)
    assert progress[-1] == 2 * measured.passages * len(RATES)
    assert {point.texts for point in run(library, MeasureMaskRates(reference, text, passes=2)).every(RatePoint)} == {
        2 * measured.passages
    }


def test_a_seed_says_everything(library, reference, monkeypatch):
    """The same seed measures the same, in batches of any size; another one measures something else."""
    one = run(library, MeasureMaskRates(reference, TEXT, 3, 4)).every(RatePoint)
    other = run(library, MeasureMaskRates(reference, TEXT, 4, 4)).every(RatePoint)
    monkeypatch.setattr(mask_rates, "BATCH_TOKENS", 1)
    monkeypatch.setattr(mask_rates, "HEAD_ROWS", 1)
    again = run(library, MeasureMaskRates(reference, TEXT, 3, 4)).every(RatePoint)
    assert [(point.predictions, point.right) for point in one] == [(point.predictions, point.right) for point in again]
    assert [point.nats for point in one] == pytest.approx([point.nats for point in again], rel=1e-5)
    assert [point.nats for point in one] != pytest.approx([point.nats for point in other], rel=1e-3)


def test_batches_are_of_one_passage_and_small():
    """Each passage stands at each rate once a pass, with a draw of its own, never more at once than the budget allows."""
    found = list(batches([60, 500, 900], 10, 3))
    assert all(len({variant.passage for variant in batch}) == 1 for batch in found)
    for batch in found:
        assert len(batch) == 1 or len(batch) * [60, 500, 900][batch[0].passage] <= mask_rates.BATCH_TOKENS
    every = [variant for batch in found for variant in batch]
    assert len(every) == len(set(every)) == 3 * 3 * 10
    assert {variant.epoch for variant in every if variant.passage == 1} == {1, 4, 7}


def test_a_run_can_be_stopped_between_any_two_layers(library, reference, monkeypatch):
    """Between two records at most one layer is computed, and at most one portion of the head."""
    checkpoint = library.encoder(reference)
    calls, forward, head = [], BertBlock.forward, checkpoint.model.mlm.forward
    monkeypatch.setattr(BertBlock, "forward", lambda *args, **kwargs: calls.append("layer") or forward(*args, **kwargs))
    monkeypatch.setattr(checkpoint.model.mlm, "forward", lambda *args: calls.append(len(args[0])) or head(*args))
    job = MeasureMaskRates(reference, "\n".join([TEXT] * 4), passes=2)
    counts = [len(calls) for _ in job.run(library)]
    assert max(after - before for before, after in pairwise(counts)) == 1
    assert max(rows for rows in calls if rows != "layer") <= mask_rates.HEAD_ROWS


@pytest.mark.parametrize("text", ["", "  \n", "[CLS] [SEP] [MASK]", "[PAD]"])
def test_nothing_to_mask_is_said(library, reference, text):
    """No words, or special tokens only: a notice, no point, no error."""
    trace = run(library, MeasureMaskRates(reference, text))
    assert [notice.topic for notice in trace.every(Notice)] == ["nothing"]
    assert trace.every(RatePoint) == ()


def test_one_token_is_measured_too(library, reference):
    """A text of one word is masked now and then: about as often as the rate says."""
    trace = run(library, MeasureMaskRates(reference, "cat", passes=200))
    counts = [point.predictions for point in trace.every(RatePoint)]
    assert counts == sorted(counts)
    for rate, count in zip(RATES, counts, strict=True):
        assert abs(count - 200 * rate) < 4 * math.sqrt(200 * rate * (1 - rate))


def test_of_a_very_long_text_the_beginning_is_measured(library, reference):
    """100,000 words: 32 passages are read and the rest is said to be left out."""
    trace = run(library, MeasureMaskRates(reference, "cat " * 100_000, passes=1, rates=(0.15,)))
    assert [notice.topic for notice in trace.every(Notice)] == ["passages"]
    assert trace.find(Measured).passages == 32
    assert trace.find(Measured).tokens == 32 * 64
    assert trace.find(RatePoint, 0.15).texts == 32


def test_as_many_passes_as_it_takes(library, reference):
    """Where nobody says how many, a short text is read more often than a long one."""
    short = run(library, MeasureMaskRates(reference, TEXT, rates=(0.15,))).find(Measured)
    assert short.passes == math.ceil(400 / (0.15 * short.candidates)) or short.passes == 64
    assert (
        run(library, MeasureMaskRates(reference, "\n".join([TEXT] * 40), rates=(0.15,))).find(Measured).passes
        < short.passes
    )


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"passes": -1}, "BAD_PASSES"),
        ({"passes": 1001}, "BAD_PASSES"),
        ({"rates": ()}, "BAD_RATE"),
        ({"rates": (0.1, 0.1)}, "BAD_RATE"),
        ({"rates": (1.5,)}, "BAD_RATE"),
        ({"seed": -1}, "BAD_SEED"),
    ],
)
def test_settings_without_sense_are_refused(library, reference, settings, code):
    """One sentence each."""
    with pytest.raises(JobError) as refused:
        run(library, MeasureMaskRates(reference, TEXT, **settings))
    assert refused.value.code == code


def test_without_a_masked_word_head_nothing_is_measured(library, tmp_path):
    """The reason is said."""
    bare = Reference(str(write_bert_folder(tmp_path / "bare", heads=False)))
    with pytest.raises(CheckpointError, match="no masked-word head"):
        run(library, MeasureMaskRates(bare, TEXT))


def test_passages_are_the_text_cut_at_words(library, reference):
    """Nothing is lost, no word is divided unless it is longer than a passage, and none is longer than allowed."""
    codec = library.encoder(reference).codec
    text = " ".join(["the cat", "unknowable", "sat,", "zz" * 20, "mat"] * 6)
    found, is_whole = passages(codec, text, 32, 100)
    assert is_whole
    assert all(len(tokens) <= 32 for tokens in found)
    joined = [number for tokens in found for number, added in zip(tokens.ids, tokens.special, strict=True) if not added]
    whole = codec.ids(text)
    assert len(joined) == len(whole) - 6 * (40 - 30)
    starts = [tokens.pieces[1] for tokens in found]
    assert not any(piece.startswith("##") for piece in starts)
    assert passages(codec, text, 32, 2)[1] is False


@pytest.mark.parametrize(
    "architecture", ["RobertaForMaskedLM", "DistilBertForMaskedLM", "ElectraForMaskedLM", "AlbertForMaskedLM"]
)
def test_relatives_of_bert_are_measured_too(library, tmp_path, architecture):
    """At half of the positions and of one text each equals its own class in transformers."""
    model = family.write(tmp_path / "relative", architecture)
    reference = Reference(str(tmp_path / "relative"))
    point = run(library, MeasureMaskRates(reference, family.TEXT, seed=2, passes=3, rates=(0.5,))).find(RatePoint, 0.5)
    codec = library.encoder(reference).codec
    tokens, losses, right = codec.encode(family.TEXT), [], 0
    for epoch in range(3):
        chosen = choose(tokens, Masking(0.5, (1.0, 0.0, 0.0)), 2, codec.vocabulary, epoch)
        ids = torch.tensor([tokens.ids])
        ids[0, [one.position for one in chosen]] = codec.mask
        with torch.inference_mode():
            logits = model(ids).logits[0].double()
        losses += [-float(logits[one.position].log_softmax(-1)[one.original]) for one in chosen]
        right += sum(int(logits[one.position].argmax()) == one.original for one in chosen)
    assert (point.predictions, point.right) == (len(losses), right)
    assert point.nats == pytest.approx(sum(losses), rel=1e-4)


def test_passages_of_bytes_keep_their_spaces():
    """Where spaces belong to pieces, a passage that is cut off has the ids that it had in the whole."""
    codec = Codec(sanitise(family.byte_level().to_str().encode()))
    text = " ".join([family.TEXT] * 5) + " über 東京"
    found, is_whole = passages(codec, text, 16, 100)
    joined = [number for tokens in found for number, added in zip(tokens.ids, tokens.special, strict=True) if not added]
    assert is_whole
    assert tuple(joined) == codec.ids(text)
