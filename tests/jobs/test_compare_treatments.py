"""The mismatch: each position with [MASK], a random word and itself shown, against transformers on the same ids."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from attnviz.errors import CheckpointError, JobError
from attnviz.jobs.compare_treatments import CompareTreatments
from attnviz.models import mismatch
from attnviz.models.bert import BertBlock
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.masking import choose
from attnviz.trace import Masking, Mismatch, Notice, Progress, Tokens
from tests.badinputs.valid import write_bert_folder
from tests.jobs.test_measure_mask_rates import authority
from tests.records import run
from tests.windows import strong_folder

TEXT, PAIR, SEED, TOP = "the cat sat on a mat", "it [MASK] plain", 5, 7


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return Reference(str(strong_folder(tmp_path_factory.mktemp("mismatch") / "tiny")))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def test_every_number_equals_transformers(library, reference):
    """One position at a time changed; candidates, probability and rank of the original and of what is shown."""
    trace = run(library, CompareTreatments(reference, TEXT, PAIR, SEED, TOP))
    codec, model, tokens = library.encoder(reference).codec, authority(reference.path), trace.tokens()
    drawn = {one.position: one for one in choose(tokens, Masking(1.0, (0.0, 1.0, 0.0)), SEED, codec.vocabulary)}
    found = trace.every(Mismatch)
    assert [one.position for one in found] == [1, 2, 3, 4, 5, 6, 8, 10]
    for one in found:
        original = tokens.ids[one.position]
        for shown, treated in zip((codec.mask, drawn[one.position].shown, original), one.treated, strict=True):
            ids = torch.tensor([tokens.ids])
            ids[0, one.position] = shown
            with torch.inference_mode():
                logits = model(ids, token_type_ids=torch.tensor([tokens.segments])).logits[0, one.position]
            expected = logits.softmax(-1)
            listed = treated.candidates
            assert listed.probability == pytest.approx(float(expected[original]), abs=1e-5)
            assert listed.rank == int((expected > expected[original]).sum()) + 1
            assert treated.shown_probability == pytest.approx(float(expected[shown]), abs=1e-5)
            assert treated.shown_rank == int((expected > expected[shown]).sum()) + 1
            assert [entry.id for entry in listed.entries] == expected.topk(TOP).indices.tolist()
            assert (listed.original, treated.shown) == (codec.label(original), codec.label(shown))
            assert treated.first == (listed.rank == 1)


def test_random_words_follow_the_seed_and_are_words(library, reference):
    """The same seed shows the same, another one others, and none is special."""
    codec = library.encoder(reference).codec
    one, again, other = (
        [found.random.shown for found in run(library, CompareTreatments(reference, TEXT, seed=seed)).every(Mismatch)]
        for seed in (1, 1, 2)
    )
    assert one == again != other
    special = {codec.label(number) for number in codec.vocabulary.special}
    assert not special & {*one, *other}


def test_what_is_asked_for_first_comes_first(library, reference, monkeypatch):
    """The chosen position, then the others in order; in batches of one the numbers stay."""
    whole = run(library, CompareTreatments(reference, TEXT))
    monkeypatch.setattr(mismatch, "BATCH_TOKENS", 1)
    monkeypatch.setattr(mismatch, "HEAD_ROWS", 2)
    records = list(CompareTreatments(reference, TEXT, first=4).run(library))
    found = [record for record in records if isinstance(record, Mismatch)]
    assert [one.position for one in found] == [4, 1, 2, 3, 5, 6]
    for one in found:
        before = whole.find(Mismatch, one.position)
        for treated, known in zip(one.treated, before.treated, strict=True):
            assert treated.candidates.probability == pytest.approx(known.candidates.probability, abs=1e-6)
    assert records[-1] == records[-1].__class__("predicting each word three times", 6, 6)
    assert isinstance(records[-1], Progress)


def test_a_run_can_be_stopped_between_any_two_layers(library, reference, monkeypatch):
    """Between two records at most one layer is computed."""
    calls, forward = [], BertBlock.forward
    monkeypatch.setattr(BertBlock, "forward", lambda *args, **kwargs: calls.append(1) or forward(*args, **kwargs))
    counts = [len(calls) for _ in CompareTreatments(reference, TEXT).run(library)]
    assert max(after - before for before, after in pairwise(counts)) == 1
    assert len(calls) > 2


def test_texts_of_all_kinds(library, reference):
    """Only special tokens: a notice; one token: one position; 100,000: cut at the model's limit, and said."""
    nothing = run(library, CompareTreatments(reference, "[MASK] [SEP]"))
    assert [notice.topic for notice in nothing.every(Notice)] == ["nothing"]
    assert nothing.every(Mismatch) == ()
    assert [one.position for one in run(library, CompareTreatments(reference, "cat")).every(Mismatch)] == [1]
    running = CompareTreatments(reference, "cat " * 100_000).run(library)
    notice, tokens = next(running), next(running)
    assert "the first 62 of 100000 tokens" in notice.sentence.replace(",", "")
    assert isinstance(tokens, Tokens)
    assert len([record for record in running if isinstance(record, Mismatch)]) == 62


def test_what_makes_no_sense_is_refused(library, reference, tmp_path):
    """No candidates, a negative seed, a checkpoint without the head."""
    with pytest.raises(JobError, match="between 1 and"):
        CompareTreatments(reference, TEXT, top=0)
    with pytest.raises(JobError, match="seed"):
        run(library, CompareTreatments(reference, TEXT, seed=-1))
    bare = Reference(str(write_bert_folder(tmp_path / "bare", heads=False)))
    with pytest.raises(CheckpointError, match="no masked-word head"):
        run(library, CompareTreatments(bare, TEXT))
