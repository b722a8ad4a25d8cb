"""What division by √d_k does in the heads of the open model, and what the model predicts without it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np

from attnviz.edits import InsideEdit, Unscaled
from attnviz.errors import CheckpointError
from attnviz.jobs.experiments.said import percent
from attnviz.table import Table
from attnviz.trace import (
    Attention,
    Axis,
    Candidates,
    Matrix,
    Notice,
    Plot,
    Progress,
    Record,
    Rows,
    Series,
    Tokens,
    frozen,
    measured,
    softmax,
)

if TYPE_CHECKING:
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.table import Cell
    from attnviz.trace import Floats

AGAINST = "Heads of the open model"
MAP, HEADS, WORDS = "Entropy lost without the scale", "The heads one by one", "What stands behind the mask"
COLUMNS = (
    "layer", "head", "d_k", "var q·k", "if independent", "var scaled", "entropy", "entropy raw", "largest", "largest raw",
)  # fmt: skip
WORD_COLUMNS = ("scores", "1st word", "p of 1st", "2nd word", "p of 2nd", "3rd word", "p of 3rd", "moved by")


Row = tuple["Cell", ...]


def waiting() -> Iterator[Record]:
    """The figures before anything was measured."""
    yield _against([])
    yield _map([])
    yield Rows(HEADS, Table(COLUMNS, ()))
    yield Rows(WORDS, Table(WORD_COLUMNS, ()))


def of_the_model(checkpoint: Checkpoint, text: str) -> Generator[Record, None, tuple[str, ...]]:
    """Yield the heads layer by layer, then the predictions with the scale and without; return what there is to say."""
    tokens: Tokens | None = None
    for record in checkpoint.encode(text.replace("\n", " ")):
        if isinstance(record, Tokens):
            tokens = record
        else:
            yield record
    if tokens is None:
        raise RuntimeError("a text without tokens")
    layers: list[list[Row]] = []
    states = checkpoint.trace(tokens)
    while True:
        try:
            record = next(states)
        except StopIteration:
            break
        if isinstance(record, Attention):
            layers.append([head_row(record, head) for head in range(record.heads)])
            yield Progress("the heads of the open model", len(layers), checkpoint.report.layers)
            rows = [row for layer in layers for row in layer]
            yield _against(rows)
            yield _map(layers)
            yield Rows(HEADS, Table(COLUMNS, tuple(rows)))
    said = _of_heads(checkpoint.report.name, [row for layer in layers for row in layer])
    return (said, *(yield from _predictions(checkpoint, tokens)))


def head_row(attention: Attention, head: int) -> Row:
    """One head in numbers: over all pairs of a query and a key, and of its softmax on average over the queries."""
    raw = attention.products(head).astype(np.float64)
    width = attention.query.shape[-1]
    entropies, largest = [], []
    for scores in (attention.scores(head), raw.astype(np.float32)):
        weights = softmax(scores)
        entropies.append(float(_entropy(weights).mean()))
        largest.append(float(weights.max(-1).mean()))
    variance = float(raw.var())
    independent = if_independent(attention.query[head], attention.key[head])
    scaled = variance * attention.scale**2
    return (
        attention.layer,
        head,
        width,
        variance,
        independent,
        scaled,
        entropies[0],
        entropies[1],
        largest[0],
        largest[1],
    )


def if_independent(query: Floats, key: Floats) -> float:
    """The variance that q·k would have if the components of (tokens, width) queries and keys were independent of each other.

    Each component has its own mean and variance: Σ var(q_i) var(k_i) + mean(q_i)² var(k_i) + mean(k_i)² var(q_i).
    """
    means, spreads = zip(
        *((side.astype(np.float64).mean(0), side.astype(np.float64).var(0)) for side in (query, key)), strict=True
    )
    return float((spreads[0] * spreads[1] + means[0] ** 2 * spreads[1] + means[1] ** 2 * spreads[0]).sum())


def _entropy(weights: Floats) -> Floats:
    """Of each row, in nats."""
    logs = np.log(np.maximum(weights, np.finfo(np.float32).tiny))
    entropy: Floats = -(weights * logs).sum(-1)
    return entropy


def _against(rows: list[Row]) -> Plot:
    """Each head's variance over what independent components would give."""
    numbers = np.array(sorted((_number(row[4]), _number(row[3])) for row in rows), dtype=np.float64).reshape(-1, 2)
    places, values = measured(numbers[:, 0]), measured(numbers[:, 1])
    alike = Series("independent", places, places.copy(), dashed=True)
    across, up = (Axis(name, logarithmic=True) for name in ("if components were independent", "variance of q·k"))
    return Plot(AGAINST, across, up, (Series("measured", places, values), *([alike] if rows else [])))


def _map(layers: list[list[Row]]) -> Matrix:
    """The entropies with the scale minus those without, (layers, heads)."""
    heads = len(layers[0]) if layers else 0
    values = np.array([[_number(row[6]) - _number(row[7]) for row in layer] for layer in layers], dtype=np.float64)
    rows, columns = (tuple(map(str, range(count))) for count in (len(layers), heads))
    return Matrix(MAP, frozen(values.reshape(len(layers), heads)), rows, columns, ("layer", "head"), "nats")


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else np.nan


def _of_heads(name: str, rows: list[Row]) -> str:
    numbers = np.array([row[3:] for row in rows], dtype=np.float64)  # (heads, 7)
    raw, independent, scaled, entropy, unscaled = np.median(numbers[:, :5], 0)
    return (
        f"{name}, median of {len(rows)} heads: the variance of q·k is {raw:,.0f}, where independent components of d_k = {rows[0][2]} with "
        f"the same means and variances would give {independent:,.0f}; scaled it is {scaled:.1f} (from {numbers[:, 2].min():.1f} to "
        f"{numbers[:, 2].max():.1f}). Without the scale the entropy falls from {entropy:.2f} to {unscaled:.2f} nats."
    )


def _predictions(checkpoint: Checkpoint, tokens: Tokens) -> Generator[Record, None, tuple[str, ...]]:
    """The words behind the mask under both; what there is to say of them."""
    if not tokens.masks:
        yield Notice("words", "The text has no [MASK], so there are no predictions to compare.")
        return ()
    try:
        checkpoint.require_mask_head()
    except CheckpointError as error:
        yield Notice("words", error.sentence)
        return ()
    found = [(yield from _filled(checkpoint, tokens, ())), (yield from _filled(checkpoint, tokens, (Unscaled(),)))]
    everywhere = [{entry.id: entry.probability for entry in one.entries} for one in found]
    moved = (
        sum(abs(everywhere[0].get(word, 0.0) - everywhere[1].get(word, 0.0)) for word in everywhere[0] | everywhere[1])
        / 2
    )
    rows = []
    for way, one, far in (("divided by √d_k", found[0], 0.0), ("not divided", found[1], moved)):
        best = [cell for entry in one.entries[:3] for cell in (entry.label, entry.probability)]
        rows.append((way, *best, far))
    yield Rows(WORDS, Table(WORD_COLUMNS, tuple(rows)))
    first, other = found[0].entries[0], found[1].entries[0]
    said = (
        f"Behind the mask it puts “{first.label}” ({percent(first.probability)}) with the scale and “{other.label}” "
        f"({percent(other.probability)}) without it; {percent(moved)} of the probability moves."
    )
    return (said,)


def _filled(
    checkpoint: Checkpoint, tokens: Tokens, edits: tuple[InsideEdit, ...]
) -> Generator[Record, None, Candidates]:
    """All words behind the first mask under some edits."""
    run = checkpoint.trace(tokens, (), edits)
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return next(iter(checkpoint.candidates(ended.value, tokens, checkpoint.model.config.vocabulary)))
        yield Progress("predictions with the scale and without it")
