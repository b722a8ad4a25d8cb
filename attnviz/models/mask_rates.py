"""How well masked words are predicted as more and more of a text is masked.

Devlin et al. (2019) mask 15 %: fewer masks teach about fewer positions of a text, more leave less to predict them from. Wettig et
al. (2023, "Should you mask 15 % in masked language modeling?") train at each rate; here one trained model is asked at each.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from attnviz.models.finite import finite
from attnviz.text.masking import Sampler
from attnviz.trace import Masking, Progress, RatePoint, Record, Tokens

if TYPE_CHECKING:
    from torch import Tensor

    from attnviz.models.checkpoint import Checkpoint

BATCH_TOKENS, HEAD_ROWS = 512, 32
"""So few at a time that a run stops at once: a layer of so many tokens, a head of so many positions."""
ALL_MASKED = (1.0, 0.0, 0.0)
WHAT = "predicting at every mask rate"


@dataclass(frozen=True, slots=True)
class Variant:
    """One passage masked once: by its number, the number of the rate, and the epoch of the draw."""

    passage: int
    rate: int
    epoch: int


def measure(
    checkpoint: Checkpoint, texts: Sequence[Tokens], rates: Sequence[float], seed: int, passes: int
) -> Iterator[Record]:
    """Yield each rate's RatePoint again and again, as more passages and passes are counted in, and Progress in between.

    All chosen positions show ``[MASK]``. The same seed masks the same, and a higher rate masks (all but) what a lower one does.
    """
    samplers = [
        [Sampler(text, Masking(rate, ALL_MASKED), checkpoint.codec.vocabulary) for rate in rates] for text in texts
    ]
    points = [RatePoint(rate) for rate in rates]
    total, done = len(texts) * len(rates) * passes, 0
    for batch in batches([len(text) for text in texts], len(rates), passes):
        text, here = texts[batch[0].passage], Progress(WHAT, done, total)
        yield here
        masked = [samplers[each.passage][each.rate].draw(seed, each.epoch).positions.tolist() for each in batch]
        counted = yield from _count(checkpoint, text, masked, here)
        for variant, (right, nats, squares), positions in zip(batch, counted, masked, strict=True):
            points[variant.rate] = _plus(points[variant.rate], len(positions), right, nats, squares)
        yield from (points[number] for number in sorted({variant.rate for variant in batch}))
        done += len(batch)
    yield Progress(WHAT, done, total)


def batches(lengths: Sequence[int], rates: int, passes: int) -> Iterator[tuple[Variant, ...]]:
    """Pass after pass every passage at every rate, so many at a time of one passage as fit into a batch."""
    batch: list[Variant] = []
    for number in range(passes):
        for passage, length in enumerate(lengths):
            for rate in range(rates):
                full = len(batch) >= max(1, BATCH_TOKENS // length)
                if batch and (full or batch[-1].passage != passage):
                    yield tuple(batch)
                    batch = []
                batch.append(Variant(passage, rate, number * len(lengths) + passage))
    if batch:
        yield tuple(batch)


@torch.inference_mode()
def _count(
    checkpoint: Checkpoint, text: Tokens, masked: Sequence[Sequence[int]], here: Progress
) -> Generator[Record, None, list[tuple[int, float, float]]]:
    """Of each variant of ``text``, masked at these positions: right answers, the sum of -ln p, and of its square."""
    rows = [row for row, positions in enumerate(masked) for _ in positions]
    columns = [position for positions in masked for position in positions]
    if not rows:
        return [(0, 0.0, 0.0) for _ in masked]
    originals = torch.tensor(text.ids, device=checkpoint.device)
    ids = originals.repeat(len(masked), 1)  # (variants, tokens)
    ids[rows, columns] = checkpoint.codec.vocabulary.mask
    states = yield from checkpoint.variants(ids, text, here)  # (variants, tokens, hidden)
    right, nats = [], []
    asked = zip(states[rows, columns].split(HEAD_ROWS), originals[columns].split(HEAD_ROWS), strict=True)
    for part, words in asked:
        hit, loss = judged(checkpoint, part, words)
        right.append(hit)
        nats.append(loss)
        yield here
    sums = torch.zeros(len(masked), 3, dtype=torch.float64)
    losses = torch.cat(nats)
    counted = torch.stack((torch.cat(right).double(), losses, losses**2), dim=-1)  # (predictions, 3)
    sums.index_add_(0, torch.tensor(rows), counted)
    return [(round(right), nats, squares) for right, nats, squares in sums.tolist()]


def judged(checkpoint: Checkpoint, states: Tensor, words: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each word is put first, and its -ln p: (positions,) each, on the CPU."""
    logits = finite(checkpoint.model.word_logits(states))  # (positions, vocabulary)
    own = logits.gather(-1, words[:, None])[:, 0]  # (positions,)
    loss = logits.logsumexp(-1).double() - own.double()
    return (own >= logits.amax(-1)).cpu(), loss.clamp_min(0.0).cpu()


def _plus(point: RatePoint, predictions: int, right: int, nats: float, squares: float) -> RatePoint:
    """The point with one more text counted in."""
    return replace(
        point,
        texts=point.texts + 1,
        predictions=point.predictions + predictions,
        right=point.right + right,
        nats=point.nats + nats,
        squared_nats=point.squared_nats + squares,
    )
