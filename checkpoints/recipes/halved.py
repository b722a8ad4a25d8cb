"""A smaller model cut out of a trained BERT: its first layers, and its embeddings in fewer dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from attnviz.models.bert import Bert

SAMPLE = 20_000
USED_POSITIONS = 128


def frequencies(ids: Mapping[str, Sequence[Sequence[int]]], vocabulary: int) -> Tensor:
    """How often each piece occurs among the ids, each at least a little, (vocabulary,); they add up to 1."""
    counts = torch.ones(vocabulary) / 10
    for texts in ids.values():
        counts += torch.bincount(torch.tensor([number for text in texts for number in text]), minlength=vocabulary)
    return counts / counts.sum()


@torch.no_grad()
def halved(model: Bert, layers: int, width: int, frequency: Tensor) -> Bert:
    """An ELECTRA discriminator of the first ``layers``, its embeddings the best ones of rank ``width``; the head is new.

    Word, position and segment embeddings are written in their first principal directions, where words count by the root of their
    ``frequency``; the projection back to the hidden width is fitted by least squares to what BERT's first layer is given.
    """
    config = replace(model.config, kind="electra", layers=layers, embedding=width, head_activation="gelu", tied=True)
    small = Bert(config, pooler=False, mlm=False, nsp=False, rtd=True)
    for ours, theirs in zip(small.layers, model.layers, strict=False):
        ours.load_state_dict(theirs.state_dict())
    _embed(small, model, width, frequency)
    _fit(small, model, frequency)
    if small.rtd is not None:
        torch.nn.init.normal_(small.rtd.dense.weight, std=config.hidden**-0.5)
        torch.nn.init.normal_(small.rtd.classifier.weight, std=0.02)
        for bias in (small.rtd.dense.bias, small.rtd.classifier.bias):
            torch.nn.init.zeros_(bias)
    return small


def _embed(small: Bert, model: Bert, width: int, frequency: Tensor) -> None:
    theirs, ours = model.embeddings, small.embeddings
    words, weights = theirs.word.weight, frequency.sqrt()[:, None]
    centre = (words * weights**2).sum(0)
    places = theirs.position.weight - theirs.position.weight[:USED_POSITIONS].mean(0)
    rows = torch.cat([(words - centre) * weights, places[:USED_POSITIONS] * USED_POSITIONS**-0.5])
    _, values, directions = torch.linalg.svd(rows, full_matrices=False)
    basis = directions[:width].T * (width**0.5 / float(values[:width].norm()))  # so that an entry has variance 1
    ours.word.weight.copy_((words - centre) @ basis)
    ours.position.weight.copy_(places @ basis)
    if ours.segment is not None and theirs.segment is not None:
        ours.segment.weight.copy_((theirs.segment.weight - theirs.segment.weight[0]) @ basis)


def _fit(small: Bert, model: Bert, frequency: Tensor) -> None:
    """The projection that comes nearest to BERT's own embeddings, over words drawn by their frequency."""
    draws = torch.Generator().manual_seed(0)
    ids = torch.multinomial(frequency, SAMPLE, replacement=True, generator=draws).view(-1, 50)  # (rows, tokens)
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
