"""Without positions: what a Transformer encoder knows of word order when its position embeddings are taken away."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnviz.errors import CheckpointError, TextError
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.said import percent
from attnviz.jobs.experiments.setting import Whole, Words, setting
from attnviz.models.reference import Reference
from attnviz.table import Table
from attnviz.trace import Axis, Conclusion, Notice, Plot, Record, Rows, Series, Tokens, measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.experiments.without_positions import Orders, Outcome, Shuffling
    from attnviz.models.library import Library

WAYS = (
    ("with positions", True, False),
    ("without, float32", False, False),
    ("without, float64", False, True),
)
OPEN, RANDOM, WORDS = "The open model", "An encoder of random weights", "What stands behind the mask"
COLUMNS = ("positions", "word order", "the text as it is read", "1st word", "p", "2nd word", "p of 2nd", "moved by")
ROUNDING = 1e-3
"""Differences below this part of the states' standard deviation are taken for rounding."""

Found = dict[str, "Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutPositions(Experiment):
    """Shuffles the words of a sentence, and compares each layer's states with the permuted states of the sentence as it was."""

    name: ClassVar[str] = "positions"
    formula: ClassVar[str] = "without positions   f(P·X) = P·f(X)   for every permutation P of the tokens"
    figures: ClassVar[tuple[str, ...]] = (OPEN, RANDOM, WORDS)

    checkpoint: Reference
    sentence: str = field(
        default="The old king gave his young [MASK] a golden crown.",
        metadata=setting(
            Words("sentence", "A sentence with a [MASK]; all of its words are shuffled, the mask among them")
        ),
    )
    shuffles: int = field(
        default=40,
        metadata=setting(Whole("shuffles", "How many random orders of the words are tried", 1, 500), quick=4),
    )
    layers: int = field(
        default=12,
        metadata=setting(Whole("random layers", "How deep the encoder of random weights is", 1, 48), quick=4),
    )

    def measure(self, library: Library) -> Iterator[Record]:
        yield from (_plot(OPEN, {}), _plot(RANDOM, {}), Rows(WORDS, Table(COLUMNS, ())))
        checkpoint = library.encoder(self.checkpoint)
        tokens = yield from _tokens(checkpoint, self.sentence)
        inner = [place for place, special in enumerate(tokens.special) if not special or place in tokens.masks]
        if len({tokens.ids[place] for place in inner}) < 2:
            raise TextError(
                "There is nothing to shuffle in this sentence; write at least two different words.", "TOO_SHORT"
            )
        orders = shuffled(len(tokens), inner, tokens.ids, self.shuffles, self.seed)
        found = yield from self._open_model(checkpoint, tokens, orders)
        chance = yield from self._random()
        said = yield from self._predictions(checkpoint, tokens, orders, found)
        name = checkpoint.report.name
        yield Conclusion((_permuted(name, found), _moved(name, found), _permuted("Random weights", chance), *said))

    def _open_model(self, checkpoint: Checkpoint, tokens: Tokens, orders: Orders) -> Generator[Record, None, Found]:
        from attnviz.models.experiments.without_positions import on_text  # noqa: PLC0415 - imports torch

        mask = tokens.masks[0] if tokens.masks else 0
        return (
            yield from _compared(
                OPEN,
                orders,
                lambda positions, exact: on_text(checkpoint, tokens, mask, positions=positions, exact=exact),
            )
        )

    def _random(self) -> Generator[Record, None, Found]:
        from attnviz.models.experiments.without_positions import RANDOM_TOKENS, random_encoder  # noqa: PLC0415 - imports torch

        ids = tuple(range(RANDOM_TOKENS))
        orders = shuffled(RANDOM_TOKENS, ids, ids, self.shuffles, self.seed)
        return (
            yield from _compared(
                RANDOM,
                orders,
                lambda positions, exact: random_encoder(self.layers, self.seed, positions=positions, exact=exact),
            )
        )

    def _predictions(
        self, checkpoint: Checkpoint, tokens: Tokens, orders: Orders, found: Found
    ) -> Generator[Record, None, tuple[str, ...]]:
        """The words behind the mask in the order of the text and in the first shuffled one; what there is to say of all orders."""
        from attnviz.models.experiments.without_positions import word_probabilities  # noqa: PLC0415 - imports torch

        if not tokens.masks:
            return ()
        try:
            checkpoint.require_mask_head()
        except CheckpointError as error:
            yield Notice("words", error.sentence)
            return ()
        rows, said = [], []
        for way, positions in (("with", WAYS[0][0]), ("without", WAYS[1][0])):
            outcome = found[positions]
            first = word_probabilities(checkpoint, outcome.at_first[None])[0]  # (vocabulary,)
            each = word_probabilities(checkpoint, outcome.at_each)  # (orders, vocabulary)
            moved = (each - first).abs().sum(1) / 2  # (orders,)
            for name, order, row, far in (
                ("as written", range(len(tokens)), first, 0.0),
                ("shuffled", orders[0].tolist(), each[0], float(moved[0])),
            ):
                best, second = checkpoint.best(row[None], 2)[0]
                text = " ".join(tokens.labels[place] for place in order)
                rows.append((way, name, text, best.label, best.probability, second.label, second.probability, far))
            yield Rows(WORDS, Table(COLUMNS, tuple(rows)))
            kept = int((each.argmax(1) == first.argmax()).sum())
            said.append(
                f"{way} positions in {kept} of {len(orders)} orders ({percent(float(moved.mean()))} of the probability moves)"
            )
        return (f"The first word behind the mask stays the same {said[0]}, {said[1]}.",)


def shuffled(tokens: int, inner: list[int] | tuple[int, ...], ids: tuple[int, ...], count: int, seed: int) -> Orders:
    """Random orders of the places ``inner`` among all ``tokens``, each of which changes what is read: (count, tokens)."""
    chance = np.random.default_rng(seed)
    orders = np.tile(np.arange(tokens), (count, 1))
    known = np.array(ids)
    for order in orders:
        while (known[order] == known).all():
            order[list(inner)] = chance.permutation(inner)
    return orders


def _tokens(checkpoint: Checkpoint, sentence: str) -> Generator[Record, None, Tokens]:
    """Pass on what is said of the text; a Notice where it has no mask."""
    found: Tokens | None = None
    for record in checkpoint.encode(sentence.replace("\n", " ")):
        if isinstance(record, Tokens):
            found = record
        else:
            yield record
    if found is None:
        raise RuntimeError("a text without tokens")
    if not found.masks:
        yield Notice("words", "The sentence has no [MASK], so there are no predictions to compare.")
    return found


def _compared(name: str, orders: Orders, encoder: Callable[[bool, bool], Shuffling]) -> Generator[Record, None, Found]:
    """The three ways one after another, the plot growing with each."""
    found: Found = {}
    for way, positions, exact in WAYS:
        found[way] = yield from encoder(positions, exact).run(orders, f"{name.lower()}, {way}")
        yield _plot(name, found)
    return found


def _plot(name: str, found: Found) -> Plot:
    return Plot(
        name,
        Axis("layers passed", whole=True),
        Axis("largest difference", logarithmic=True),
        tuple(_series(way, outcome.differences) for way, outcome in found.items()),
    )


def _series(way: str, differences: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Series:
    """The median over the orders of (orders, layers + 1), and the extremes as its band."""
    places = measured(np.arange(differences.shape[1]))
    return Series(
        way,
        places,
        measured(np.median(differences, 0)),
        measured(differences.min(0)),
        measured(differences.max(0)),
    )


def _permuted(who: str, found: Found) -> str:
    """What became of the claim, as it was measured."""
    plain, exact = found[WAYS[1][0]], found[WAYS[2][0]]
    largest, rest = float(plain.differences.max()), float(exact.differences.max())
    held = "only permutes" if largest <= ROUNDING * plain.size else "does NOT only permute"
    return (
        f"{who}, without positions: shuffling {held} the hidden states; no number of any layer differs by more than "
        f"{largest:.1e} in float32, {rest:.1e} in float64."
    )


def _moved(who: str, found: Found) -> str:
    outcome = found[WAYS[0][0]]
    last = float(np.median(outcome.differences[:, -1]))
    return (
        f"{who}, with positions: it changes the last states by {last:.2f} (median of {len(outcome.differences)} orders), "
        f"{last / outcome.size:.1f} times their standard deviation."
    )
