"""How much of an output's gradient arrives at each source token: Bahdanau et al. 2015 against the fixed vector of Cho et al. 2014.

A copy of the model reads embeddings of which every token has its own row; the gradient of these rows is what arrives. The shared
model is left alone.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.transformer import Transformer

if TYPE_CHECKING:
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.trace import Progress

Ids = tuple[int, ...]
AT_ONCE = 16
"""So few pairs at a time that a run stops at once."""


def arriving(
    opened: EncoderDecoder, pairs: Sequence[tuple[Ids, Ids]], here: Progress
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Norms of the gradient of -ln p(last target token) with respect to each source embedding, (pairs, source).

    ``pairs`` are sources, all of one length, and their targets, which the decoder is fed (teacher forcing).
    """
    model = copy.deepcopy(
        opened.writer.model
    ).train()  # cuDNN carries gradients through a GRU in training only; nothing is dropped
    found = []
    for start in range(0, len(pairs), AT_ONCE):
        yield here
        found.append(_norms(model, pairs[start : start + AT_ONCE]))
    return np.concatenate(found)


def _norms(model: nn.Module, pairs: Sequence[tuple[Ids, Ids]]) -> NDArray[np.float64]:
    if not isinstance(model, Seq2seq | Transformer):
        raise TypeError(f"no source embeddings are known of {type(model).__name__}")
    table = _table(model)
    source = torch.tensor([source for source, _ in pairs], device=table.weight.device)  # (pairs, source)
    own = table.weight.detach()[source].flatten(0, 1)  # (pairs × source, width)
    known, table.weight = table.weight, nn.Parameter(own)
    try:
        steps = max(len(target) for _, target in pairs)
        fed = torch.full((len(pairs), steps), model.config.padding)
        for row, (_, target) in enumerate(pairs):
            fed[row, : len(target)] = torch.tensor((model.config.begin, *target[:-1]))
        rows = torch.arange(source.numel(), device=source.device).view_as(source)
        with torch.enable_grad():
            logits = model(rows, fed.to(source.device))  # (pairs, steps, target vocabulary)
            ends = [len(target) - 1 for _, target in pairs]
            lasts = torch.tensor([target[-1] for _, target in pairs], device=source.device)
            loss = nn.functional.cross_entropy(logits[range(len(pairs)), ends], lasts, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, table.weight)
    finally:
        table.weight = known
    norms: NDArray[np.float64] = gradient.view(*source.shape, -1).norm(dim=-1).double().cpu().numpy()
    return norms


def _table(model: Seq2seq | Transformer) -> nn.Embedding:
    """The source's word embeddings, which no other part of the model may use."""
    if isinstance(model, Seq2seq):
        return model.encoder.embedding
    if model.target is None:
        raise TypeError("source and target share their embeddings")
    return model.source.word
