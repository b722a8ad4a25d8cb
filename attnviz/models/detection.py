"""A discriminator reads a text and says of every word whether it was replaced (Clark et al. 2020, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from attnviz.errors import CheckpointError
from attnviz.models.attention import numbers
from attnviz.models.finite import finite
from attnviz.trace import Detected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.trace import Progress, Record, Tokens


def detect(checkpoint: Checkpoint, tokens: Tokens) -> Iterator[Record]:
    """Yield the forward's records, then what was Detected. Raises CheckpointError."""
    require_detector(checkpoint)
    states = yield from checkpoint.trace(tokens)
    yield _judged(checkpoint, tokens, states)


@torch.inference_mode()
def judge(checkpoint: Checkpoint, tokens: Tokens, here: Progress) -> Iterator[Record]:
    """The same without the forward's records: ``here`` is yielded after every layer, a chance to stop."""
    require_detector(checkpoint)
    row = torch.tensor([tokens.ids], device=checkpoint.device)  # (1, tokens)
    states = yield from checkpoint.variants(row, tokens, here)
    yield _judged(checkpoint, tokens, states)


def require_detector(checkpoint: Checkpoint) -> None:
    """Raise CheckpointError when this checkpoint can't tell replaced words."""
    if checkpoint.model.rtd is None:
        sentence = f"'{checkpoint.report.name}' has no head that detects replaced words; choose an ELECTRA discriminator, such as electra-l3-h384-en."
        raise CheckpointError(sentence, "NO_RTD_HEAD")


@torch.inference_mode()
def _judged(checkpoint: Checkpoint, tokens: Tokens, states: Tensor) -> Detected:
    logits = finite(checkpoint.model.replaced_logits(states[0]))  # (tokens,)
    special = checkpoint.codec.special
    positions = tuple(
        place for place, number in enumerate(tokens.ids) if not tokens.special[place] and number not in special
    )
    return Detected(positions, numbers(logits[list(positions)]))
