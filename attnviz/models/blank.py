"""Building a model whose weights come from a file: nothing is drawn at random, and no memory is taken, before they are there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

INITIALISED = (nn.Linear, nn.Embedding, nn.LayerNorm, nn.GRU)


@contextmanager
def blank() -> Iterator[None]:
    """Modules made inside have weights without storage; ``load_state_dict(…, assign=True)`` gives them theirs.

    Initialising on the meta device would do nothing too, but torch imports its compiler for that, which takes seconds.
    """
    usual = {module: module.reset_parameters for module in INITIALISED}
    try:
        for module in INITIALISED:
            module.reset_parameters = _leave  # type: ignore[assignment] # put back below
        with torch.device("meta"):
            yield
    finally:
        for module, reset in usual.items():
            module.reset_parameters = reset  # type: ignore[method-assign] # as it was


def _leave(_module: nn.Module) -> None:
    """Initialise nothing."""
