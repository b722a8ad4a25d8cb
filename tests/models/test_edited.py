"""Every edit inside BERT against `transformers`, in whose weights or by whose hooks the same change is made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from transformers import BertForPreTraining

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    InsideEdit,
    PatchHidden,
    ReplaceToken,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.models.attention import overview
from attnviz.models.bert import Bert
from attnviz.trace import Attention, Block, Stream
from tests.models.test_bert import batch, pair_of_models
from tests.records import bits, drained, of

TOKENS, LAYERS, HEADS, WIDTH = 11, 3, 4, 6  # as in pair_of_models
ROW = tuple(float(weight) for weight in np.random.default_rng(0).dirichlet(np.ones(TOKENS)))
STATE = tuple(float(value) for value in np.random.default_rng(1).normal(size=24))


def strong_pair(seed: int) -> tuple[Bert, BertForPreTraining]:
    """Norms around 1 in both, so that what changes below is still to be seen at the top."""
    pair = pair_of_models(seed)
    with torch.no_grad():
        for model in pair:
            for module in model.modules():
                if isinstance(module, torch.nn.LayerNorm):
                    module.weight.add_(1)
    return pair


def head_of(number: int) -> slice:
    return slice(WIDTH * number, WIDTH * (number + 1))


def in_weights(edit: InsideEdit, theirs: BertForPreTraining, ids: torch.Tensor) -> None:
    """The edits that other weights or other ids make."""
    layers = theirs.bert.encoder.layer
    chosen = layers if getattr(edit, "layer", None) is None else layers[edit.layer : edit.layer + 1]
    match edit:
        case DropHead(head=head, how="zero"):
            chosen[0].attention.output.dense.weight[:, head_of(head)] = 0
        case Unscaled() | Temperature():
            factor = math.sqrt(WIDTH) if isinstance(edit, Unscaled) else 1 / edit.value
            for layer in chosen:
                layer.attention.self.query.weight *= factor
                layer.attention.self.query.bias *= factor
        case Uniform(head=head):
            rows = slice(None) if head is None else head_of(head)
            chosen[0].attention.self.query.weight[rows] = 0
            chosen[0].attention.self.query.bias[rows] = 0
        case DropFeedForward():
            chosen[0].output.dense.weight.zero_()
            chosen[0].output.dense.bias.zero_()
        case DropLayer(layer):
            del layers[layer]
        case ReplaceToken(position, number):
            ids[0, position] = number


def by_hooks(edit: InsideEdit, theirs: BertForPreTraining) -> None:
    """The edits that change what a module hands on."""
    layers = theirs.bert.encoder.layer

    def mean_head(_, inputs):
        context = inputs[0].clone()
        context[..., head_of(edit.head)] = context[..., head_of(edit.head)].mean(1, keepdim=True)
        return (context, *inputs[1:])

    def attention(module, inputs, options, output):
        states = (inputs[0] if inputs else options["hidden_states"])[0].double()  # (tokens, hidden)
        parts = (module.query, module.key, module.value)
        query, key, value = (states @ part.weight.double().T + part.bias.double() for part in parts)
        heads = []
        for head in range(HEADS):
            scores = query[:, head_of(head)] @ key[:, head_of(head)].T / math.sqrt(WIDTH)  # (queries, keys)
            if isinstance(edit, HideToken):
                scores[:, edit.position] = -math.inf
            weights = scores.exp() / scores.exp().sum(1, keepdim=True)
            if isinstance(edit, SetRow) and edit.head == head:
                weights[edit.query] = torch.tensor(edit.weights)
            heads.append(weights @ value[:, head_of(head)])
        return (torch.cat(heads, -1)[None].float(), *output[1:])

    def patch(states):
        states = states.clone()
        states[0, edit.position] = torch.tensor(edit.values)
        return states

    match edit:
        case DropHead(layer=layer, how="mean"):
            layers[layer].attention.output.dense.register_forward_pre_hook(mean_head)
        case SetRow(layer=layer) | HideToken(layer=int() as layer):
            layers[layer].attention.self.register_forward_hook(attention, with_kwargs=True)
        case PatchHidden(layer=0):
            theirs.bert.embeddings.register_forward_hook(lambda _, __, output: patch(output))
        case PatchHidden(layer=layer):
            layers[layer - 1].output.register_forward_hook(lambda _, __, output: patch(output))


def authority(
    theirs: BertForPreTraining, edits: tuple[InsideEdit, ...], ids: torch.Tensor, segments: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Last states and masked-word logits of transformers with the edits made in it."""
    ids, hidden = ids.clone(), torch.ones_like(ids)
    with torch.no_grad():
        for edit in edits:
            if isinstance(edit, HideToken) and edit.layer is None:
                hidden[:, edit.position] = 0  # its own word for "nobody looks there"
            in_weights(edit, theirs, ids)
            by_hooks(edit, theirs)
        found = theirs(ids, token_type_ids=segments, attention_mask=hidden, output_hidden_states=True)
    return found.hidden_states[-1], found.prediction_logits


EVERY: tuple[tuple[InsideEdit, ...], ...] = (
    (DropHead(1, 2),),
    (DropHead(0, 0, "mean"),),
    (SetRow(1, 3, 4, ROW),),
    (HideToken(5),),
    (HideToken(0, 2),),
    (Unscaled(),),
    (Unscaled(1),),
    (Temperature(0.4),),
    (Temperature(3.0, 2),),
    (Uniform(1),),
    (Uniform(2, 1),),
    (DropFeedForward(1),),
    (DropLayer(0),),
    (DropLayer(2),),
    (PatchHidden(0, 3, STATE),),
    (PatchHidden(2, 0, STATE),),
    (PatchHidden(3, 10, STATE),),
    (ReplaceToken(6, 17),),
    (HideToken(5), HideToken(2), Temperature(2.0, 1), DropHead(2, 1), DropFeedForward(0), ReplaceToken(1, 9)),
    (DropHead(1, 0), DropHead(1, 3, "mean"), Unscaled(1), Temperature(4.0, 1), PatchHidden(1, 2, STATE)),
)


@pytest.mark.parametrize("edits", EVERY, ids=lambda edits: "+".join(type(edit).__name__ for edit in edits))
def test_an_edit_equals_the_same_change_made_by_hand(edits):
    """Last states and masked-word logits agree to 1e-4 with transformers whose weights or hooks make the edit, and have moved."""
    ours, theirs = strong_pair(11)
    ids, segments, _ = batch(ours.config, rows=1)
    untouched = ours(ids, segments)
    states, logits = authority(theirs, edits, ids, segments)
    _, found = drained(ours.trace(ids, segments, edits=edits))
    assert (found - states).abs().max() < 1e-4
    with torch.inference_mode():
        assert (ours.word_logits(found) - logits).abs().max() < 1e-4 * max(1.0, float(logits.abs().max()))
    assert (found - untouched).abs().max() > 1e-2


@pytest.mark.parametrize("edits", EVERY[:11], ids=lambda edits: type(edits[0]).__name__)
def test_the_record_of_an_edited_layer_is_what_was_computed(edits):
    """Weights unfolded from the Attention give, head by head, the context of the Block before any head was dropped."""
    ours, _ = strong_pair(12)
    ids, segments, _ = batch(ours.config, rows=1)
    records = list(ours.trace(ids, segments, blocks=range(LAYERS), edits=edits))
    dropped = {(edit.layer, edit.head) for edit in edits if isinstance(edit, DropHead)}
    for attention, block in zip(of(Attention, records), of(Block, records), strict=True):
        for head in range(HEADS):
            weights = attention.weights(head)
            np.testing.assert_allclose(weights.sum(1), 1.0, atol=1e-5)
            context = block.stages["context"][:, head_of(head)]
            if (attention.layer, head) not in dropped:
                np.testing.assert_allclose(attention.context(head), context, atol=1e-5)
                np.testing.assert_allclose(weights @ attention.value[head], context, atol=1e-5)
            else:
                assert np.ptp(context, axis=0).max() < 1e-6  # the same at every token


def test_the_records_say_each_edit():
    """Hidden keys have score −∞, the scale is the edit's, set rows are the given ones, uniform is 1/n, and so in small."""
    ours, _ = strong_pair(13)
    ids, segments, _ = batch(ours.config, rows=1)
    edits = (HideToken(4, 0), Unscaled(1), SetRow(1, 2, 3, ROW), Uniform(2, 1), HideToken(0, 2))
    first, second, third = of(Attention, list(ours.trace(ids, segments, edits=edits)))
    assert (first.scores(0)[:, 4] == -math.inf).all()
    assert (first.weights(0)[:, 4] == 0).all()
    assert second.scale == 1.0
    np.testing.assert_allclose(second.scores(0), second.products(0))
    np.testing.assert_allclose(second.weights(2)[3], ROW, atol=1e-7)
    np.testing.assert_allclose(third.weights(1), [[0.0] + [1 / (TOKENS - 1)] * (TOKENS - 1)] * TOKENS, atol=1e-7)
    for attention in (first, second, third):
        full = np.stack([attention.weights(head) for head in range(HEADS)])
        np.testing.assert_allclose(overview(attention, ()).tiles / 255, full, atol=0.5 / 255 + 1e-6)


def test_no_edits_are_bit_identical_to_no_edits():
    """An empty list, and edits of another site, change no bit of any record."""
    ours, _ = strong_pair(14)
    ids, segments, _ = batch(ours.config, rows=1)
    plain, states = drained(ours.trace(ids, segments, blocks=range(LAYERS)))
    for edits in ((), (DropHead(0, 0, site="decoder"), Unscaled(site="cross"))):
        records, found = drained(ours.trace(ids, segments, blocks=range(LAYERS), edits=edits))
        assert torch.equal(found, states)
        assert list(map(bits, records)) == list(map(bits, plain))


def test_layer_norms_are_what_their_mean_and_variance_say():
    """From a Block's sums, torch.var_mean (biased), γ, β and ε give the norms that it records."""
    ours, _ = strong_pair(18)
    ids, segments, _ = batch(ours.config, rows=1)
    for block in of(Block, list(ours.trace(ids, segments, blocks=range(LAYERS), edits=(DropHead(1, 1),)))):
        layer = ours.layers[block.layer]
        for before, after, norm in (
            ("attention_sum", "attention_norm", layer.attention_norm),
            ("output_sum", "output", layer.output_norm),
        ):
            entering = torch.tensor(block.stages[before])
            variance, mean = torch.var_mean(entering, -1, correction=0, keepdim=True)
            made = (entering - mean) / (variance + norm.eps).sqrt() * norm.weight + norm.bias
            np.testing.assert_allclose(block.stages[after], made.detach().numpy(), atol=1e-5)


def test_streams_are_norms_and_cosines_of_what_is_added():
    """By numpy, from the Block's stages; a dropped layer adds nothing."""
    ours, _ = strong_pair(19)
    ids, segments, _ = batch(ours.config, rows=1)
    records = list(ours.trace(ids, segments, blocks=range(LAYERS), edits=(DropLayer(2),), streams=True))
    streams, blocks = of(Stream, records), of(Block, records)
    for stream, block in zip(streams[:2], blocks, strict=False):
        assert stream.names == ("attention", "feed-forward")
        for row, (entering, added) in enumerate((("input", "attended"), ("attention_norm", "outer"))):
            first, second = block.stages[entering], block.stages[added]
            lengths = np.linalg.norm(first, axis=1), np.linalg.norm(second, axis=1)
            np.testing.assert_allclose(stream.entering[row], lengths[0], rtol=1e-5)
            np.testing.assert_allclose(stream.added[row], lengths[1], rtol=1e-5)
            expected = (first * second).sum(1) / (lengths[0] * lengths[1])
            np.testing.assert_allclose(stream.cosine[row], expected, atol=1e-5)
    assert not streams[2].added.any()
