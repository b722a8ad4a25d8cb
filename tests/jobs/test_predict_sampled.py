"""Predictions where masking chose, against transformers on the same ids; and many draws of one text as a job."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch

from attnviz.errors import CheckpointError
from attnviz.jobs.mask_text import MaskText
from attnviz.jobs.measure_masking import MeasureMasking
from attnviz.jobs.predict_sampled import PredictSampled
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.masking_long_run import COVERAGE, EPOCHS
from attnviz.trace import Candidates, LongRun, Masking, Plot, Progress, Sampled, Treatment, Unit, learning
from tests.badinputs.valid import write_bert_folder
from tests.commands.authority import bert, forward
from tests.records import run
from tests.windows import strong_folder

TEXT, PAIR = "the cat sat on a mat 0 1 2 3 with plain words in it", "a dog in the plain sentence"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A checkpoint that nobody changes."""
    return Reference(str(strong_folder(tmp_path_factory.mktemp("sampled") / "tiny")))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.mark.parametrize("pair", [None, PAIR])
@pytest.mark.parametrize("unit", Unit)
def test_predictions_are_those_of_transformers(
    library: Library, reference: Reference, pair: str | None, unit: Unit
) -> None:
    """The ids as they are shown, one forward: probabilities, ranks and the mean loss as transformers computes it."""
    masking = Masking(0.5, (0.4, 0.4, 0.2), unit)
    trace = run(library, PredictSampled(reference, TEXT, pair, masking, seed=3, top=5))
    tokens, sampled = trace.tokens(), trace.find(Sampled)
    assert len(sampled.chosen) > 5
    ids, labels = list(tokens.ids), [-100] * len(tokens)
    for one in sampled.chosen:
        ids[one.position], labels[one.position] = one.shown, one.original
    logits = forward(Path(reference.path), ids, tokens.segments).prediction_logits[0]
    for one in sampled.chosen:
        found, expected = trace.find(Candidates, one.position), logits[one.position].softmax(-1)
        assert found.probability == pytest.approx(float(expected[one.original]), abs=1e-5)
        assert found.rank == int((expected > expected[one.original]).sum()) + 1
        best = expected.topk(5)
        assert [entry.id for entry in found.entries] == best.indices.tolist()
        torch.testing.assert_close(torch.tensor([entry.probability for entry in found.entries]), best.values)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    assert learning(sampled, trace.every(Candidates)).loss == pytest.approx(float(loss), abs=1e-4)


def test_the_loss_is_that_of_training(library: Library, reference: Reference) -> None:
    """Transformers' own masked-word loss on these labels."""
    trace = run(library, PredictSampled(reference, TEXT, None, Masking(0.4), seed=1))
    tokens, sampled = trace.tokens(), trace.find(Sampled)
    ids, labels = torch.tensor([tokens.ids]), torch.full((1, len(tokens)), -100)
    for one in sampled.chosen:
        ids[0, one.position], labels[0, one.position] = one.shown, one.original
    with torch.inference_mode():
        outputs = bert(Path(reference.path))(ids, labels=labels, next_sentence_label=torch.tensor([0]))
        pairs = torch.nn.functional.cross_entropy(outputs.seq_relationship_logits, torch.tensor([0]))
    found = learning(sampled, trace.every(Candidates))
    assert found.loss == pytest.approx(float(outputs.loss - pairs), abs=1e-4)
    best = outputs.prediction_logits[0].argmax(-1)
    right = [int(best[one.position]) == one.original for one in sampled.chosen]
    masked = [one.treatment is Treatment.MASK for one in sampled.chosen]
    assert (found.predicted, found.right) == (len(right), sum(right))
    assert (found.masked, found.right_masked) == (sum(masked), sum(map(all, zip(right, masked, strict=True))))


def test_the_draw_is_that_of_the_command(library: Library, reference: Reference) -> None:
    """MaskText and PredictSampled choose alike, and both pickle."""
    settings = (reference, TEXT, None, Masking(0.3), 7, 2)
    jobs = [pickle.loads(pickle.dumps(job)) for job in (MaskText(*settings), PredictSampled(*settings))]
    drawn, predicted = (run(library, job).find(Sampled) for job in jobs)
    assert drawn == predicted


@pytest.mark.parametrize("text", ["[MASK] [SEP]", "the"])
def test_nothing_chosen_is_an_answer(library: Library, reference: Reference, text: str) -> None:
    """Rate 0, or nothing to choose from: the draw, and no forward."""
    records = list(PredictSampled(reference, text, None, Masking(0)).run(library))
    assert [type(record).__name__ for record in records] == ["Tokens", "Sampled"]
    assert learning(records[1], ()) is None


def test_it_can_be_stopped_after_every_layer(library: Library, reference: Reference) -> None:
    """A chance after each of the two layers and each 64 places."""
    records = list(PredictSampled(reference, "the cat " * 40, None, Masking(1)).run(library))
    assert sum(isinstance(record, Progress) for record in records) == 3


def test_a_checkpoint_without_a_head_is_refused(library: Library, tmp_path: Path) -> None:
    """Nothing can be predicted; masks can be drawn all the same."""
    headless = Reference(str(write_bert_folder(tmp_path / "headless", heads=False)))
    with pytest.raises(CheckpointError) as caught:
        run(library, PredictSampled(headless, TEXT))
    assert caught.value.code == "NO_MLM_HEAD"
    assert run(library, MeasureMasking(headless, TEXT, seeds=1)).find(LongRun).draws == EPOCHS


def test_the_long_run_is_streamed(library: Library, reference: Reference) -> None:
    """Counts and curves after every seed; closed in the middle, it ends."""
    records = MeasureMasking(reference, TEXT, PAIR, Masking(0.3), seeds=5).run(library)
    kinds = [type(record).__name__ for record in records]
    assert kinds == ["LongRun", "Progress", "Plot", "Progress"] * 5
    started = MeasureMasking(reference, TEXT).run(library)
    next(started)
    started.close()
    assert list(started) == []
    assert run(library, MeasureMasking(reference, TEXT, seeds=2)).find(Plot, COVERAGE) is not None
