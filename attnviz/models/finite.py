"""Scores that are no numbers are never shown."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnviz.errors import CheckpointError


def finite(logits: Tensor) -> Tensor:
    """``logits`` unchanged; raises CheckpointError ``NON_FINITE`` when any of them is NaN or infinite."""
    if not math.isfinite(float(logits.sum())) and not bool(torch.isfinite(logits).all()):
        raise CheckpointError(
            "The model's scores are not finite numbers on this text, so no words are listed; its weights are damaged.",
            "NON_FINITE",
        )
    return logits
