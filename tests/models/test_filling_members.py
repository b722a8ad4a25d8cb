"""BERT's relatives fill and score as a plain loop around transformers' own model does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from attnviz.jobs.fill_all_masks import FillAllMasks
from attnviz.jobs.score_text import ScoreText
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Filling, OwnProbability, Trace, Way
from tests.family import write

MEMBERS = ["BertForMaskedLM", "RobertaForMaskedLM", "DistilBertForMaskedLM", "ElectraForMaskedLM", "AlbertForMaskedLM"]


@torch.no_grad()
def logs(model: torch.nn.Module, ids: list[int], place: int) -> torch.Tensor:
    """How probable every word is at a place, as ln p."""
    found: torch.Tensor = model(torch.tensor([ids])).logits[0, place].double().log_softmax(-1)
    return found


@pytest.mark.parametrize("member", MEMBERS)
def test_a_relative_fills_and_scores_like_its_original(tmp_path: Path, member: str) -> None:
    """Left to right by hand, the special tokens of its own tokenizer passed over; each word of the text masked alone."""
    model = write(tmp_path / "tiny", member)
    mask = "<mask>" if "Roberta" in member else "[MASK]"
    reference, library = Reference(str(tmp_path / "tiny"), "cpu"), Library()
    trace = Trace().plus(*FillAllMasks(reference, f"the {mask} sat on a {mask}{mask}").run(library))
    tokens, filling = trace.tokens(), trace.find(Filling, Way.LEFT_TO_RIGHT)
    assert tokens is not None
    assert filling is not None
    closed = list(library.encoder(reference).codec.unwritable(int(logs(model, list(tokens.ids), 0).numel())))
    assert {tokens.ids[0], tokens.ids[-1], tokens.ids[tokens.masks[0]]} <= set(closed)
    ids, total = list(tokens.ids), 0.0
    for place in tokens.masks:
        row = logs(model, ids, place)
        row[closed] = -torch.inf
        ids[place] = int(row.argmax())
        total += float(row.max())
    assert list(filling.ids) == ids
    assert filling.log_probability == pytest.approx(total, abs=1e-3)
    assert filling.text.startswith("the")
    assert mask not in filling.text
    scored = Trace().plus(*ScoreText(reference, "the cat sat on a mat").run(library))
    tokens = scored.tokens()
    assert tokens is not None
    hidden = library.encoder(reference).codec.mask
    assert hidden is not None
    for own in scored.every(OwnProbability):
        ids = [hidden if place == own.position else number for place, number in enumerate(tokens.ids)]
        assert -own.nats == pytest.approx(float(logs(model, ids, own.position)[tokens.ids[own.position]]), abs=1e-3)
    assert len(scored.every(OwnProbability)) == len(tokens) - 2
