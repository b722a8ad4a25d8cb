"""A smaller model cut out of a trained BERT: some of its layers, and its embeddings in fewer dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from attnviz.models.bert import Bert

SAMPLE = 20_000


@torch.no_grad()
def halved(model: Bert, layers: Sequence[int], width: int) -> Bert:
    """An ELECTRA discriminator of these layers, its embeddings the best ones of rank ``width``; the head is new.

    Word, position and segment embeddings are written in the first principal directions of the words; the projection back to
    the hidden width is fitted by least squares to what BERT's first layer is given.
    """
    config = replace(
        model.config, kind="electra", layers=len(layers), embedding=width, head_activation="gelu", tied=True
    )
    small = Bert(config, pooler=False, mlm=False, nsp=False, rtd=True)
    for place, layer in enumerate(layers):
        small.layers[place].load_state_dict(model.layers[layer].state_dict())
    _embed(small, model, width)
    if small.rtd is not None:
        torch.nn.init.normal_(small.rtd.dense.weight, std=config.hidden**-0.5)
        torch.nn.init.normal_(small.rtd.classifier.weight, std=0.02)
        for bias in (small.rtd.dense.bias, small.rtd.classifier.bias):
            torch.nn.init.zeros_(bias)
    return small


def _embed(small: Bert, model: Bert, width: int) -> None:
    words = model.embeddings.word.weight
    centre = words.mean(0)
    _, values, directions = torch.linalg.svd(words - centre, full_matrices=False)
    basis = directions[:width].T * (width**0.5 / float(values[:width].norm()) * len(words) ** 0.5)  # to variance 1
    small.embeddings.word.weight.copy_((words - centre) @ basis)
    small.embeddings.position.weight.copy_(model.embeddings.position.weight @ basis)
    if small.embeddings.segment is not None and model.embeddings.segment is not None:
        small.embeddings.segment.weight.copy_(model.embeddings.segment.weight @ basis)
    _fit(small, model)


def _fit(small: Bert, model: Bert) -> None:
    """The projection that comes nearest to BERT's own embeddings, over words and places drawn at random."""
    draws = torch.Generator().manual_seed(0)
    ids = torch.randint(model.config.vocabulary, (SAMPLE // 100, 100), generator=draws)  # (rows, tokens)
    nothing = torch.zeros_like(ids)
    wanted: Tensor = model.embeddings(ids, nothing).flatten(0, 1)  # (sample, hidden)
    total = sum(small.embeddings.parts(ids, nothing).values(), torch.zeros(()))
    given = small.embeddings.norm(total).flatten(0, 1)  # (sample, width)
    solution = torch.linalg.lstsq(
        torch.cat([given, torch.ones(len(given), 1)], 1), wanted
    ).solution  # (width + 1, hidden)
    if small.embeddings.project is not None:
        small.embeddings.project.weight.copy_(solution[:-1].T)
        small.embeddings.project.bias.copy_(solution[-1])
