"""How many heads: masked words predicted while one head after another is dropped, in the order of importance and in others."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnviz import places
from attnviz.errors import TextError
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.heads_figures import ACCURACY, IMPORTANCE, LOSS, RANKS, Dropped, figures, sentences
from attnviz.jobs.experiments.setting import Choice, Whole, setting
from attnviz.models.reference import Reference
from attnviz.text.passages import passages
from attnviz.trace import Conclusion, Progress, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.experiments.heads import Head, Masked
    from attnviz.models.library import Library

TEXTS = ("the_low_country", "towns_and_tea_zh")
GRADIENT, PER_LAYER, ALONE = "gradient", "gradient per layer", "dropped alone"
LONGEST_PASSAGE, MOST_PASSAGES, MOST_DRAWS = 128, 32, 64
STEPS, RANDOM_ORDERS = 9, 2
"""In so many steps all heads are dropped, in so many orders by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads(Experiment):
    """Ranks the heads on one half of a text's passages, and drops them while it predicts masked words of the other half."""

    name: ClassVar[str] = "heads"
    formula: ClassVar[str] = (
        "MultiHead(X) = [ξ₁ head₁ ; … ; ξ_H head_H] W_O,   every ξ = 1;   importance of a head = mean over texts of |∂loss/∂ξ|"
    )
    figures: ClassVar[tuple[str, ...]] = (ACCURACY, LOSS, IMPORTANCE, RANKS)

    checkpoint: Reference
    text: str = field(
        default=TEXTS[0], metadata=setting(Choice("text", "The shipped text whose words are masked", TEXTS))
    )
    importance: str = field(
        default=GRADIENT,
        metadata=setting(
            Choice(
                "importance",
                "By what heads are ranked: |∂loss/∂ξ|, the same over its norm in each layer, or the loss added when a head alone is dropped",
                (GRADIENT, PER_LAYER, ALONE),
            )
        ),
    )
    words: int = field(
        default=250,
        metadata=setting(Whole("words", "About how many words are predicted in each half", 20, 5000), quick=60),
    )

    def measure(self, library: Library) -> Iterator[Record]:
        found = Dropped(self.importance)
        yield from figures(found)
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        ranked, judged = _halves(checkpoint, self.text, self.words, self.seed)
        found.importance = yield from self._importance(checkpoint, ranked)
        found.orders = orders(found.importance, RANDOM_ORDERS, self.seed)
        yield from figures(found)
        yield from self._drop(checkpoint, judged, found)
        yield Conclusion(sentences(found, checkpoint.report.name))

    def _importance(
        self, checkpoint: Checkpoint, texts: Sequence[Masked]
    ) -> Generator[Record, None, NDArray[np.float64]]:
        """Of every head, (layers, heads)."""
        from attnviz.models.experiments.heads import sensitivity  # noqa: PLC0415 - imports torch

        if self.importance == ALONE:
            return (yield from _alone(checkpoint, texts))
        found = yield from sensitivity(checkpoint, texts, "the gradient of every head's gate")
        if self.importance == PER_LAYER:
            norms = np.linalg.norm(found, axis=1, keepdims=True)
            found = np.divide(found, norms, out=np.zeros_like(found), where=norms > 0)
        return found

    def _drop(self, checkpoint: Checkpoint, texts: Sequence[Masked], found: Dropped) -> Iterator[Record]:
        """Every order side by side, a few heads more each time; none and all are the same in every order."""
        from attnviz.models.experiments.heads import score  # noqa: PLC0415 - imports torch

        heads = found.importance.size
        counts = sorted({round(heads * step / STEPS) for step in range(STEPS + 1)})
        runs = [(count, name) for count in counts for name in (found.orders if 0 < count < heads else ("",))]
        for done, (count, name) in enumerate(runs):
            here = Progress(f"{heads - count} of {heads} heads left", done, len(runs))
            dropped = found.orders[name][:count] if name else next(iter(found.orders.values()))[:count]
            scored = yield from score(checkpoint, texts, dropped, here)
            for order in (name,) if name else found.orders:
                found.scores.setdefault(order, {})[heads - count] = scored
            yield from figures(found)


def orders(importance: NDArray[np.float64], count: int, seed: int) -> dict[str, list[Head]]:
    """The heads in the orders in which they are dropped; of equally important ones the first comes first."""
    heads = [(layer, head) for layer in range(importance.shape[0]) for head in range(importance.shape[1])]
    rising = [heads[place] for place in np.argsort(importance.reshape(-1), kind="stable")]
    chance = np.random.default_rng(seed)
    others = {
        f"random {number + 1}": [heads[place] for place in chance.permutation(len(heads))] for number in range(count)
    }
    return {"least important first": rising, "most important first": rising[::-1], **others}


def _alone(checkpoint: Checkpoint, texts: Sequence[Masked]) -> Generator[Record, None, NDArray[np.float64]]:
    """How much the mean loss grows when one head alone is dropped."""
    from attnviz.models.experiments.heads import score  # noqa: PLC0415 - imports torch

    layers, heads = checkpoint.model.config.layers, checkpoint.model.config.heads
    everyone = yield from score(checkpoint, texts, (), Progress("all heads", 0, layers * heads))
    found = np.zeros((layers, heads))
    for layer in range(layers):
        for head in range(heads):
            here = Progress(f"without layer {layer}, head {head}", layer * heads + head, layers * heads)
            without = yield from score(checkpoint, texts, ((layer, head),), here)
            found[layer, head] = without.nats.mean() - everyone.nats.mean()
    return found


def _halves(checkpoint: Checkpoint, name: str, words: int, seed: int) -> tuple[list[Masked], list[Masked]]:
    """The odd and the even passages of a text, each masked as often as it takes. Raises TextError."""
    from attnviz.models.experiments.heads import masked  # noqa: PLC0415 - imports torch

    text = (places.resources() / "samples" / f"{name}.txt").read_text(encoding="utf-8")
    longest = min(LONGEST_PASSAGE, checkpoint.report.positions)
    texts, _ = passages(checkpoint.codec, text, longest, MOST_PASSAGES)
    halves = []
    for half in (texts[::2], texts[1::2]):
        once = sum(each.predictions for each in masked(checkpoint, half, seed, 1))
        if not once:
            raise TextError(
                f"This model knows too few words of '{name}' to mask some; choose another text.", "NO_WORDS"
            )
        halves.append(masked(checkpoint, half, seed, min(MOST_DRAWS, math.ceil(words / once))))
    return halves[0], halves[1]
