"""Edits at the three sites of a Transformer against torch's own layers, in which the same changes are made by hand."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    PatchHidden,
    ReplaceToken,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.models.attention import overview
from attnviz.models.transformer import Transformer
from attnviz.trace import Attention, Block, Site
from tests.models.test_transformer import batch, torch_layer
from tests.records import drained
from tests.transformers_at_random import random_model

SOURCE, STEPS, WIDTH = 9, 7, 6
CAUSAL_ROW = (0.9, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0)
SOURCE_ROW = (0.05, 0.2, 0.1, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1)
STATE = tuple(float(value) for value in np.random.default_rng(2).normal(size=24))


def in_weights(model: Transformer, edit) -> None:
    """The edits that other weights make, in our model's own parameters, which are then given to torch's layers."""
    stack = model.encoder if edit.site == "encoder" else model.decoder
    chosen = stack if edit.layer is None else stack[edit.layer : edit.layer + 1]
    for layer in chosen:
        parts = layer.cross if edit.site == "cross" else layer.attention
        match edit:
            case DropHead(head=head):
                parts.output.weight[:, WIDTH * head : WIDTH * (head + 1)] = 0
            case Unscaled() | Temperature():
                factor = math.sqrt(WIDTH) if isinstance(edit, Unscaled) else 1 / edit.value
                parts.query.weight *= factor
                parts.query.bias *= factor
            case Uniform(head=head):
                rows = slice(None) if head is None else slice(WIDTH * head, WIDTH * (head + 1))
                parts.query.weight[rows] = 0
                parts.query.bias[rows] = 0
            case DropFeedForward():
                layer.feed_forward.outer.weight.zero_()
                layer.feed_forward.outer.bias.zero_()


def set_row(parts, edit: SetRow, causal: bool):
    """Attention in float64, head by head, with one row set: what a torch layer's block gives."""

    def attended(queries, keys):
        q, k, v = (
            (states.double() @ part.weight.double().T + part.bias.double())[0]
            for states, part in ((queries, parts.query), (keys, parts.key), (keys, parts.value))
        )
        heads = []
        for number in range(parts.heads):
            own = slice(WIDTH * number, WIDTH * (number + 1))
            scores = q[:, own] @ k[:, own].T / math.sqrt(WIDTH)
            if causal:
                scores += torch.full_like(scores, -torch.inf).triu(1)
            weights = scores.exp() / scores.exp().sum(1, keepdim=True)
            if number == edit.head:
                weights[edit.query] = torch.tensor(edit.weights)
            heads.append(weights @ v[:, own])
        context = torch.cat(heads, -1)
        return (context @ parts.output.weight.double().T + parts.output.bias.double())[None].float()

    return attended


def torch_logits(model: Transformer, edits, source: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
    """Torch's layers with the edits made in weights, masks, blocks and states."""
    model, source, previous = copy.deepcopy(model), source.clone(), previous.clone()
    with torch.no_grad():
        for edit in edits:
            if isinstance(edit, ReplaceToken):
                (source if edit.site == "encoder" else previous)[:, edit.position] = edit.id
            elif not isinstance(edit, PatchHidden):
                in_weights(model, edit)
    dropped = {(edit.site, edit.layer) for edit in edits if isinstance(edit, DropLayer)}

    def hidden(site, layer, keys):
        places = [e.position for e in edits if isinstance(e, HideToken) and e.site == site and e.layer in {None, layer}]
        return torch.tensor([[place in places for place in range(keys)]])

    def patch(states, site, layer):
        states = states.clone()
        for edit in edits:
            if isinstance(edit, PatchHidden) and (edit.site, edit.layer) == (site, layer):
                states[:, edit.position] = torch.tensor(edit.values)
        return states

    memory = patch(model.source(source), "encoder", 0)
    for number, layer in enumerate(model.encoder):
        if ("encoder", number) not in dropped:
            mask = hidden("encoder", number, source.shape[1]).expand(source.shape[1], -1)
            memory = torch_layer(layer, model.config)(memory, src_mask=mask)
        memory = patch(memory, "encoder", number + 1)
    memory = memory if model.encoder_norm is None else model.encoder_norm(memory)
    states = patch(model.words(previous, 0), "decoder", 0)
    later = torch.ones(STEPS, STEPS, dtype=torch.bool).triu(1)
    for number, layer in enumerate(model.decoder):
        if ("decoder", number) not in dropped:
            theirs = torch_layer(layer, model.config)
            for edit in edits:
                if isinstance(edit, SetRow) and edit.layer == number:
                    if edit.site == "decoder":
                        made = set_row(layer.attention, edit, causal=True)
                        object.__setattr__(theirs, "_sa_block", lambda x, *_, made=made: made(x, x))
                    else:
                        made = set_row(layer.cross, edit, causal=False)
                        object.__setattr__(theirs, "_mha_block", lambda x, seen, *_, made=made: made(x, seen))
            own = later | hidden("decoder", number, STEPS)
            states = theirs(states, memory, tgt_mask=own, memory_mask=hidden("cross", number, SOURCE).expand(STEPS, -1))
        states = patch(states, "decoder", number + 1)
    states = states if model.decoder_norm is None else model.decoder_norm(states)
    return states @ model.words.word.weight.T + model.output_bias


EVERY = (
    (DropHead(1, 2, site="encoder"),),
    (DropHead(1, 2, site="decoder"), DropHead(2, 0, site="cross")),
    (SetRow(1, 3, 3, CAUSAL_ROW, "decoder"),),
    (SetRow(2, 1, 4, SOURCE_ROW, "cross"),),
    (HideToken(3),),
    (HideToken(4, site="cross"), HideToken(2, 1, "cross")),
    (HideToken(2, site="decoder"),),
    (Unscaled(0, "decoder"), Unscaled(site="cross")),
    (Temperature(3.0, 1), Temperature(0.5, 2, "cross")),
    (Uniform(2, 1, "cross"), Uniform(0, site="decoder")),
    (DropFeedForward(0), DropFeedForward(2, "decoder")),
    (DropLayer(1), DropLayer(0, "decoder")),
    (PatchHidden(1, 4, STATE), PatchHidden(2, 3, STATE, site="decoder")),
    (PatchHidden(2, 0, STATE), PatchHidden(3, 5, STATE, site="decoder"), PatchHidden(0, 1, STATE, site="decoder")),
    (ReplaceToken(2, 5), ReplaceToken(3, 7, "decoder")),
    (DropHead(0, 1), HideToken(1, site="cross"), Temperature(2.0, site="cross"), DropFeedForward(1, "decoder")),
)


def strong_model(seed: int, norm: str) -> Transformer:
    model = random_model(seed, norm=norm)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.LayerNorm):
                module.weight.abs_().add_(0.5)
    return model


def name_of(edits) -> str:
    return "+".join(f"{edit.site}-{type(edit).__name__}" for edit in edits)


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("edits", EVERY, ids=name_of)
def test_an_edit_equals_the_same_change_made_in_torchs_layers(norm, edits):
    """Logits agree to 1e-4 of their size and have moved; the trace and the cache, word by word, give them too."""
    model = strong_model(21, norm)
    source, previous = (ids[:1] for ids in batch(model, SOURCE, STEPS))
    with torch.inference_mode():
        expected = torch_logits(model, edits, source, previous)
        within = 1e-4 * max(1.0, float(expected.abs().max()))
        memory = model.encode(source, edits=edits)
        whole = model.decode(model.begin(memory), previous, edits=edits).logits
        assert (whole - expected).abs().max() < within
        assert (whole - model(source, previous)).abs().max() > 10 * within
        state, logits = model.begin(memory), []
        for word in previous.split(1, 1):
            decoded = model.decode(state, word, edits=edits)
            state = decoded.state
            logits.append(decoded.logits)
        assert (torch.cat(logits, 1) - expected).abs().max() < within
        _, states = drained(model.trace(source, previous, edits=edits))
        assert (model.logits(states) - expected).abs().max() < within


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_records_are_what_was_computed_and_no_edits_change_no_bit(norm):
    """At all sites the weights give the context; an empty list leaves every record as it is; a dropped layer changes nothing."""
    model = strong_model(22, norm)
    source, previous = (ids[:1] for ids in batch(model, SOURCE, STEPS))
    every = [(site, layer) for site in Site for layer in range(3)]
    edits = (SetRow(1, 3, 3, CAUSAL_ROW, "decoder"), Uniform(2, 1, "cross"), HideToken(4), DropLayer(0, "decoder"))
    records = list(model.trace(source, previous, every, edits))
    blocks = {(record.site, record.layer): record.stages for record in records if isinstance(record, Block)}
    for record in records:
        if isinstance(record, Attention):
            context = np.concatenate([record.context(head) for head in range(record.heads)], -1)
            np.testing.assert_allclose(context, blocks[record.site, record.layer]["context"], atol=1e-5)
    assert np.array_equal(blocks[Site.CROSS, 0]["output"], blocks[Site.DECODER, 0]["input"])
    plain, empty = list(model.trace(source, previous, every)), list(model.trace(source, previous, every, ()))
    for first, second in zip(plain, empty, strict=True):
        if isinstance(first, Block):
            assert list(first.stages) == list(second.stages)
            assert all(np.array_equal(first.stages[name], second.stages[name]) for name in first.stages)


def test_a_query_that_may_look_nowhere_sees_nothing():
    """The first word of a decoder in which the first word is hidden: weights and context are 0, and nothing is NaN."""
    model = strong_model(23, "post")
    source, previous = (ids[:1] for ids in batch(model, SOURCE, STEPS))
    records = list(model.trace(source, previous, [(Site.DECODER, 0)], (HideToken(0, 0, "decoder"),)))
    attention = next(each for each in records if isinstance(each, Attention) and each.site is Site.DECODER)
    block = next(each for each in records if isinstance(each, Block))
    assert not attention.weights(0)[0].any()
    assert not block.stages["context"][0].any()
    assert np.isfinite(block.stages["context"]).all()
    assert overview(attention, ()).tiles[0, 0].tolist() == [0] * STEPS
