"""The logit lens in a terminal: as arrays, or as a table of the most probable word at each position, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.errors import printable
from attnviz.trace import Lens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from attnviz.trace import Trace

WIDEST = 14


def lens_arrays(trace: Trace) -> dict[str, NDArray[np.generic]]:
    """All layers together, (layers + 1, tokens, …): ``lens/ids`` and so on; nothing where nobody looked."""
    layers = trace.every(Lens)
    if not layers:
        return {}
    names = ("ids", "probabilities", "entropy", "watched_probabilities", "watched_ranks")
    found: dict[str, NDArray[np.generic]] = {
        f"lens/{name}": np.stack([getattr(layer, name) for layer in layers]) for name in names
    }
    return found | {"lens/watched": layers[-1].watched}


def print_lens(trace: Trace) -> None:
    """A line a token: the word whose way is followed, and each layer's first word with its probability in percent."""
    layers = trace.every(Lens)
    tokens = trace.tokens(layers[0].site) if layers else None
    if tokens is None:
        return
    print(
        "the most probable word after each layer, its probability in %, and the rank of the followed word where it is another"
    )
    heading = ["token", "followed", *(f"layer {layer.layer - 1}" if layer.layer else "embeddings" for layer in layers)]
    rows = [
        [
            printable(tokens.labels[place], WIDEST),
            printable(layers[-1].watched_labels[place], WIDEST),
            *(
                f"{printable(layer.labels[place][0], WIDEST)} {layer.probabilities[place, 0] * 100:.0f}"
                + (f" ({layer.watched_ranks[place]})" if layer.watched_ranks[place] > 1 else "")
                for layer in layers
            ),
        ]
        for place in range(len(tokens))
    ]
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    for row in (heading, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
