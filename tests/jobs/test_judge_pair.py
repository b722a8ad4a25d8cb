"""Pairs judged as transformers judges them, and every number between the last state and the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import CheckpointError, TextError
from attnviz.jobs.judge_pair import JudgePair, JudgePairs
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import IS_NEXT, NOT_NEXT, Attention, Hidden, Notice, PairJudgement, Progress, Trace, Verdict
from tests.badinputs.valid import SIZES, write_bert_folder
from tests.pair_model import PairModel
from tests.windows import strong_folder

PAIR = ("the cat sat on a mat", "it is a plain dog")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return strong_folder(tmp_path_factory.mktemp("pairs") / "tiny")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def asked(library: Library, folder: Path, text: str, pair: str) -> tuple[Trace, PairJudgement]:
    trace = Trace().plus(*JudgePair(Reference(str(folder), "cpu"), text, pair).run(library))
    judgement = trace.find(PairJudgement)
    assert judgement is not None
    return trace, judgement


@pytest.mark.parametrize("pair", [PAIR, PAIR[::-1], ("it", "the dog"), ("[MASK] [SEP]", "a")])
def test_a_pair_is_judged_as_transformers_judges_it(library: Library, folder: Path, pair: tuple[str, str]) -> None:
    """Logits and the pooled vector, of either order, of one word, and of nothing but special tokens."""
    trace, judgement = asked(library, folder, *pair)
    tokens = trace.tokens()
    assert tokens is not None
    authority = PairModel(folder)
    logits = authority.logits(tokens.ids, tokens.segments)
    assert judgement.logits.tolist() == pytest.approx(logits, abs=1e-4)
    assert judgement.pooled.tolist() == pytest.approx(authority.pooled(tokens.ids, tokens.segments), abs=1e-4)
    odds = np.exp(np.array(logits, np.float64))
    assert judgement.is_next == pytest.approx(odds[IS_NEXT] / odds.sum(), abs=1e-4)
    assert float(judgement.probabilities[NOT_NEXT]) == pytest.approx(odds[NOT_NEXT] / odds.sum(), abs=1e-4)


def test_the_way_to_the_answer_adds_up(library: Library, folder: Path) -> None:
    """The pooled state is the tanh of the dense one, and what coordinates and bias contribute is the difference of the logits."""
    trace, judgement = asked(library, folder, *PAIR)
    assert judgement.pooled == pytest.approx(np.tanh(judgement.dense), abs=1e-6)
    again = judgement.weights @ judgement.pooled + judgement.bias
    assert judgement.logits == pytest.approx(again, abs=1e-5)
    total = float(judgement.contributions.sum()) + judgement.bias_contribution
    assert judgement.difference == pytest.approx(total, abs=1e-5)
    layers = SIZES["num_hidden_layers"]
    assert [record.layer for record in trace.every(Attention)] == list(range(layers))
    assert [record.layer for record in trace.every(Hidden)] == list(range(layers + 1))


def test_a_long_pair_is_cut_at_the_models_limit(library: Library, folder: Path) -> None:
    """The longer side gives way, the shorter one stays whole, and it is said."""
    trace, judgement = asked(library, folder, "the cat " * 100, "the dog")
    tokens = trace.tokens()
    assert tokens is not None
    assert len(tokens) == SIZES["max_position_embeddings"]
    assert sum(tokens.segments) == 3  # the, dog and the last [SEP]
    assert "Showing the first" in trace.every(Notice)[0].sentence
    assert judgement.logits.tolist() == pytest.approx(PairModel(folder).logits(tokens.ids, tokens.segments), abs=1e-4)


def test_many_pairs_come_one_by_one(library: Library, folder: Path) -> None:
    """Each with the probability that it has alone, and with how far it is."""
    records = list(JudgePairs(Reference(str(folder), "cpu"), (PAIR, PAIR[::-1])).run(library))
    assert [type(record) for record in records] == [Progress, Verdict, Progress, Verdict]
    found = [record.is_next for record in records if isinstance(record, Verdict)]
    alone = [asked(library, folder, *pair)[1].is_next for pair in (PAIR, PAIR[::-1])]
    assert found == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(("pair", "which"), [(("", "a"), "first"), (("a", " \n"), "second"), (("", ""), "first")])
def test_a_pair_needs_two_sentences(library: Library, folder: Path, pair: tuple[str, str], which: str) -> None:
    """Which one is empty is said."""
    with pytest.raises(TextError, match=f"the {which} one is empty"):
        asked(library, folder, *pair)


def test_a_checkpoint_without_the_head_is_refused(library: Library, tmp_path: Path) -> None:
    """Before anything is read; for one pair and for many."""
    bare = Reference(str(write_bert_folder(tmp_path / "bare", heads=False)), "cpu")
    for job in (JudgePair(bare, *PAIR), JudgePairs(bare, (PAIR,))):
        with pytest.raises(CheckpointError, match="no next-sentence head"):
            next(iter(job.run(library)))
