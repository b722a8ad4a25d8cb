"""Three objectives on one text: what each supervises is counted, and the sums are those of the single runs."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from attnviz.errors import JobError, TextError
from attnviz.jobs.compare_objectives import CompareObjectives
from attnviz.jobs.mask_text import MaskText
from attnviz.jobs.spoil_and_detect import SpoilAndDetect
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Detected, Masking, Objective, Sampled, Spoiled
from attnviz.trace.objectives import BERT, ELECTRA, ROBERTA
from attnviz.views.objective_reading import conclusion
from tests import family
from tests.records import run

TEXT = "the cat sat on a mat and the dog sat in it"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reference]:
    """A tiny model for each role; BERT and the discriminator share a vocabulary."""
    root: Path = tmp_path_factory.mktemp("family")
    architectures = {BERT: "BertForPreTraining", ROBERTA: "RobertaForMaskedLM", ELECTRA: "ElectraForPreTraining"}
    for role, architecture in architectures.items():
        family.write(root / role, architecture)
    return {role: Reference(str(root / role), "cpu") for role in architectures}


def job(shelf: dict[str, Reference], text: str = TEXT, **changes) -> CompareObjectives:
    players = {"bert": shelf[BERT], "roberta": shelf[ROBERTA], "electra": shelf[ELECTRA], "generator": shelf[BERT]}
    return CompareObjectives(text, **{**players, "draws": 6, **changes})


def test_masked_positions_are_those_of_the_sampler(shelf) -> None:
    """What BERT and RoBERTa learn from is what the sampler chooses, draw by draw."""
    library = Library()
    trace = run(library, job(shelf))
    for role in (BERT, ROBERTA):
        found = trace.find(Objective, role)
        masks = Masking(0.15, (1.0, 0.0, 0.0))
        drawn = [
            run(library, MaskText(shelf[role], TEXT, masking=masks, epoch=epoch)).find(Sampled) for epoch in range(6)
        ]
        assert found.draws == 6
        assert found.supervised == sum(map(len, (sampled.chosen for sampled in drawn)))
        assert found.per_text == pytest.approx(found.supervised / 6)
        assert 0 <= found.right <= found.supervised
        assert math.isfinite(found.loss)
        assert found.f1 is None


def test_the_discriminator_learns_from_every_word(shelf) -> None:
    """Counts and loss are the sums over the single games, with binary cross-entropy written out."""
    library = Library()
    found = run(library, job(shelf)).find(Objective, ELECTRA)
    caught = missed = alarms = 0
    nats = 0.0
    for seed in range(6):
        trace = run(library, SpoilAndDetect(shelf[BERT], shelf[ELECTRA], TEXT, seed=seed, top=1))
        spoiled, detected = trace.find(Spoiled), trace.find(Detected)
        for place, probability in zip(detected.positions, detected.probabilities, strict=True):
            replaced, said = spoiled.replaced[place], probability >= 0.5
            nats -= math.log(probability if replaced else 1 - probability)
            caught, missed = caught + (replaced and said), missed + (replaced and not said)
            alarms += said and not replaced
    assert found.supervised == 6 * found.pieces
    assert (found.caught, found.missed, found.false_alarms) == (caught, missed, alarms)
    assert found.nats == pytest.approx(nats, rel=1e-4)
    assert found.accuracy is None


def test_the_same_seed_gives_the_same_numbers_and_another_does_not(shelf) -> None:
    library = Library()
    first, again, other = (run(library, job(shelf, seed=seed)).find(Objective, BERT) for seed in (0, 0, 5))
    assert (first.supervised, first.nats, first.right) == (again.supervised, again.nats, again.right)
    assert first.nats != other.nats


def test_a_role_without_a_model_is_left_out(shelf) -> None:
    trace = run(Library(), job(shelf, roberta=None, electra=None))
    assert [found.role for found in trace.every(Objective)] == [BERT]
    assert "RoBERTa" not in conclusion(trace)


def test_the_conclusion_has_the_run_s_own_numbers(shelf) -> None:
    trace = run(Library(), job(shelf))
    bert, electra = trace.find(Objective, BERT), trace.find(Objective, ELECTRA)
    said = conclusion(trace)
    assert f"{bert.per_text:.1f} of its {bert.pieces} pieces" in said
    assert f"caught {electra.caught} of {electra.caught + electra.missed}" in said


def test_nothing_to_compare_is_said(shelf) -> None:
    """An empty text, and a number of draws that makes no sense."""
    with pytest.raises(TextError, match="no tokens"):
        run(Library(), job(shelf, text=" "))
    with pytest.raises(JobError, match="between 1 and"):
        job(shelf, draws=0)
