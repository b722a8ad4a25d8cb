"""What a generator draws: by its own distribution, over many seeds, and never a special token."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from attnviz.models.checkpoint import Checkpoint
from attnviz.models.generation import draw_words, pick
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.masking import sample
from attnviz.trace import Masking, Record, Tokens
from tests.badinputs.valid import pieces
from tests.masked_model import MaskedModel, swayed_folder
from tests.records import drained

MASK = 4
ALL_MASKED = Masking(1.0, (1.0, 0.0, 0.0))


def test_picking_follows_the_distribution() -> None:
    """Chi-square by hand over 20,000 draws from four possible words of five; the sum of the row need not be 1."""
    weights = torch.tensor([0.5, 0.25, 0.0, 0.15, 0.1]) * 0.8
    luck = np.random.default_rng(0).random(20_000)
    counts = np.bincount(pick(weights.repeat(20_000, 1), luck), minlength=5)
    expected = weights.numpy() / 0.8 * 20_000
    assert counts[2] == 0
    some = expected > 0
    assert (
        float(((counts - expected)[some] ** 2 / expected[some]).sum()) < 16.27
    )  # 3 degrees of freedom, once in a thousand
    assert pick(weights[None], np.zeros(1)) == [0]
    assert pick(weights[None], np.full(1, 1 - 2**-53)) == [4]


@dataclass(frozen=True, eq=False)
class Remembering:
    """A checkpoint that gives the scores of its first forward again, so that many draws cost but one."""

    checkpoint: Checkpoint
    known: list[torch.Tensor] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.checkpoint, name)

    def scores(self, *asked: Any) -> Generator[Record, None, torch.Tensor]:
        if not self.known:
            self.known.append((yield from self.checkpoint.scores(*asked)))
        return self.known[0]


def test_draws_follow_the_generator(tmp_path: Path) -> None:
    """Over 1,000 seeds the word behind one mask has the shares that transformers gives it; special tokens have none."""
    bert = swayed_folder(tmp_path / "bert")
    checkpoint = Remembering(Library().encoder(Reference(str(bert))))
    tokens = next(record for record in checkpoint.encode("cat") if isinstance(record, Tokens))
    chosen = sample(tokens, ALL_MASKED, 0, checkpoint.codec).chosen
    counts: Counter[int] = Counter()
    draws = 1_000
    for seed in range(draws):
        _, [one] = drained(draw_words(checkpoint, tokens, chosen, seed, 1))
        counts[one.word.id] += 1
    shares = MaskedModel(bert).at([2, MASK, 3], 1).exp()
    shares[:5] = 0  # special
    shares[len(pieces()) :] = 0  # without a piece
    expected = (shares / shares.sum() * draws).numpy()
    assert set(counts) <= set(range(5, len(pieces())))
    common = np.flatnonzero(expected >= 5)
    assert len(common) >= 5
    observed = np.array([counts[number] for number in common], dtype=np.float64)
    rest = draws - observed.sum(), draws - expected[common].sum()
    chi_square = float(
        ((observed - expected[common]) ** 2 / expected[common]).sum() + (rest[0] - rest[1]) ** 2 / rest[1]
    )
    freedom = len(common)
    # Wilson and Hilferty (1931): the chi-square value that is exceeded once in a thousand.
    limit = freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3
    assert chi_square < limit
