"""The encoders that ship: they open, say what they are, can do what they ship for, and all together stay small."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from attnviz import places
from attnviz.jobs.spoil_and_detect import SpoilAndDetect
from attnviz.models import shelf
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Detected, Spoiled
from checkpoints.recipes.electra import area
from tests.records import run

LARGEST_OF_ALL = 100_000_000
ABLE = {
    "roberta-l4-h128-en": "can_fill_masks",
    "electra-l3-h384-en": "can_detect",
    "bert-l6-h384-en": "can_judge_pairs",
}


@pytest.mark.parametrize("name", ABLE)
def test_a_shipped_encoder_opens_and_has_a_card(name: str) -> None:
    """float16, its ability, and a card with its data, training, figures and limits."""
    folder = shelf.resolve(name)
    opened = Library().encoder(Reference(str(folder), "cpu"))
    assert getattr(opened.report, ABLE[name])
    assert opened.report.unexpected == ()
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert all(
        re.search(part, card, re.IGNORECASE) for part in ("data|text", "training", "held-out figures", "can't|limits")
    )


def test_all_checkpoints_together_are_under_100_mb() -> None:
    """Counted over every file that is shipped with them, recipes included."""
    files = [path for path in places.checkpoints().rglob("*") if path.is_file() and "runs" not in path.parts]
    assert sum(path.stat().st_size for path in files) < LARGEST_OF_ALL


def test_the_discriminator_tells_replaced_words_from_others(root: Path) -> None:
    """On a text that it never saw, spoiled by the shipped BERT: the area under the ROC curve is well above chance."""
    library = Library()
    bert, judge = (Reference(str(shelf.resolve(name)), "cpu") for name in ("bert-l6-h384-en", "electra-l3-h384-en"))
    text = (root / "resources" / "samples" / "the_low_country.txt").read_text(encoding="utf-8")
    passages = [line for line in text.splitlines() if len(line) > 40][:12]
    probabilities, replaced = [], []
    for seed, passage in enumerate(5 * passages):
        trace = run(library, SpoilAndDetect(bert, judge, passage, seed=seed, top=1))
        spoiled, detected = trace.find(Spoiled), trace.find(Detected)
        probabilities += detected.probabilities.tolist()
        replaced += [spoiled.replaced[place] for place in detected.positions]
    assert sum(replaced) > 30
    assert area(np.array(probabilities), np.array(replaced)) > 0.6
