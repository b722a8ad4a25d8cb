"""A pair of sentences judged by a checkpoint's next-sentence head, with everything between the last state and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from attnviz.errors import CheckpointError
from attnviz.models.attention import numbers
from attnviz.models.finite import finite
from attnviz.trace import PairJudgement

if TYPE_CHECKING:
    from torch import Tensor

    from attnviz.models.bert import NspHead, Pooler
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.trace import Tokens


def require_pair_head(checkpoint: Checkpoint) -> tuple[Pooler, NspHead]:
    """What judges pairs. Raises CheckpointError where this checkpoint has no such head."""
    model = checkpoint.model
    if model.pooler is None or model.nsp is None:
        raise CheckpointError(
            f"'{checkpoint.report.name}' has no next-sentence head, so it can't judge pairs; open a checkpoint that has one, such as bert-l6-h384-en.",
            "NO_NSP_HEAD",
        )
    return model.pooler, model.nsp


@torch.inference_mode()
def judged(checkpoint: Checkpoint, states: Tensor) -> PairJudgement:
    """The pooler and the two logits of the last states (1, tokens, hidden). Raises CheckpointError."""
    pooler, head = require_pair_head(checkpoint)
    pooled = pooler(states)  # (1, hidden)
    logits = finite(head(pooled))  # (1, 2)
    return PairJudgement(
        dense=numbers(pooler.dense(states[0, 0])),
        pooled=numbers(pooled[0]),
        weights=numbers(head.classifier.weight),
        bias=numbers(head.classifier.bias),
        logits=numbers(logits[0]),
        probabilities=numbers(logits[0].softmax(-1)),
    )


def judge(checkpoint: Checkpoint, tokens: Tokens) -> PairJudgement:
    """The same of a text that nobody wants to look into."""
    states = checkpoint.states(tokens, checkpoint.model.config.layers)  # (tokens, hidden)
    return judged(checkpoint, torch.tensor(states, device=checkpoint.device)[None])
