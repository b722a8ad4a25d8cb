"""The Transformer against torch's own layers: the same numbers at every stage, however it is run."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.models.blank import blank
from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig
from attnviz.models.transformer_layers import sinusoids
from attnviz.trace import Attention, Block, Hidden, Site
from tests.transformers_at_random import random_model

FULL = ["query", "key", "value", "context", "attended", "attention_sum"]
FEED = ["inner", "activated", "outer", "output_sum", "output"]


def batch(model: Transformer, source: int = 9, steps: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    """Three sources and the words before each step."""
    config = model.config
    return (
        torch.randint(0, config.source_vocabulary, (3, source)),
        torch.randint(0, config.target_vocabulary, (3, steps)),
    )


def torch_attention(parts) -> nn.MultiheadAttention:
    """Torch's own multi-head attention with our four matrices."""
    hidden = parts.output.in_features
    attention = nn.MultiheadAttention(hidden, parts.heads, batch_first=True).eval()
    joined = (parts.query, parts.key, parts.value)
    attention.load_state_dict(
        {
            "in_proj_weight": torch.cat([part.weight for part in joined]),
            "in_proj_bias": torch.cat([part.bias for part in joined]),
            "out_proj.weight": parts.output.weight,
            "out_proj.bias": parts.output.bias,
        }
    )
    return attention


def torch_layer(layer, config: TransformerConfig) -> nn.Module:
    """Torch's own encoder or decoder layer with our weights."""
    decoder = hasattr(layer, "cross")
    theirs = (nn.TransformerDecoderLayer if decoder else nn.TransformerEncoderLayer)(
        config.hidden,
        config.heads,
        config.intermediate,
        dropout=0.0,
        activation=config.activation,
        layer_norm_eps=config.norm_epsilon,
        batch_first=True,
        norm_first=config.norm == "pre",
    ).eval()
    parts = {"linear1": layer.feed_forward.inner, "linear2": layer.feed_forward.outer, "norm1": layer.attention_norm}
    parts["self_attn"] = torch_attention(layer.attention)
    if decoder:
        parts |= {"multihead_attn": torch_attention(layer.cross), "norm2": layer.cross_norm, "norm3": layer.output_norm}
    else:
        parts["norm2"] = layer.output_norm
    for name, part in parts.items():
        getattr(theirs, name).load_state_dict(part.state_dict())
    return theirs


def paper_positions(count: int, hidden: int) -> np.ndarray:
    """Section 3.5's formula, entry by entry."""
    table = np.empty((count, hidden))
    for place, index in product(range(count), range(hidden)):
        angle = place / 10_000 ** (2 * (index // 2) / hidden)
        table[place, index] = np.cos(angle) if index % 2 else np.sin(angle)
    return table


def torch_logits(model: Transformer, source: torch.Tensor, previous: torch.Tensor) -> torch.Tensor:
    """The whole model, put together of torch's own layers and the paper's positions."""
    config = model.config

    def enter(embeddings, ids):
        places = (
            torch.tensor(paper_positions(ids.shape[1], config.hidden), dtype=torch.float32)
            if config.position == "sinusoidal"
            else embeddings.position.weight[: ids.shape[1]]
        )
        return embeddings.word.weight[ids] * config.hidden**0.5 + places

    memory = enter(model.source, source)
    for layer in model.encoder:
        memory = torch_layer(layer, config)(memory)
    memory = memory if model.encoder_norm is None else model.encoder_norm(memory)
    states = enter(model.words, previous)
    mask = nn.Transformer.generate_square_subsequent_mask(previous.shape[1])
    for layer in model.decoder:
        states = torch_layer(layer, config)(states, memory, tgt_mask=mask, tgt_is_causal=True)
    states = states if model.decoder_norm is None else model.decoder_norm(states)
    weight = model.words.word.weight if config.tied_output else model.output.weight
    return states @ weight.T + model.output_bias


@pytest.mark.parametrize(
    ("norm", "activation", "position", "tied"),
    [*product(("post", "pre"), ("relu", "gelu"), ("sinusoidal", "learned"), (True, False))],
    ids=str,
)
def test_the_whole_model_equals_torchs_layers(norm, activation, position, tied):
    """With the same weights, logits agree to 1e-5 of their size with a stack of torch's encoder and decoder layers."""
    model = random_model(norm=norm, activation=activation, position=position, tied_output=tied)
    source, previous = batch(model)
    with torch.inference_mode():
        expected = torch_logits(model, source, previous)
        assert (model(source, previous) - expected).abs().max() < 1e-5 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_each_layer_equals_torchs(norm, activation):
    """One encoder and one decoder layer agree with torch's to 1e-5."""
    model = random_model(1, norm=norm, activation=activation)
    states, memory = torch.randn(3, 7, 24), torch.randn(3, 9, 24)
    with torch.inference_mode():
        ours = model.encoder[0](states)["output"]
        assert (ours - torch_layer(model.encoder[0], model.config)(states)).abs().max() < 1e-5
        seen = model.begin(memory).source[0]
        ours = model.decoder[0](states, seen).cross["output"]
        mask = nn.Transformer.generate_square_subsequent_mask(7)
        expected = torch_layer(model.decoder[0], model.config)(states, memory, tgt_mask=mask, tgt_is_causal=True)
        assert (ours - expected).abs().max() < 1e-5


def test_sinusoids_are_the_papers():
    """Positions equal section 3.5's formula in float64 to 1e-5, from any first position on."""
    table = paper_positions(60, 24)
    assert np.abs(sinusoids(0, 60, 24).numpy() - table).max() < 1e-5
    assert np.abs(sinusoids(17, 5, 24).numpy() - table[17:22]).max() < 1e-5


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("cuts", [(1, 1, 1, 1, 1, 1, 1), (3, 1, 1, 2), (1, 6)], ids=str)
def test_decoding_with_the_cache_equals_the_whole(norm, cuts):
    """One word at a time, or a forced prefix at once and then more, gives the full forward's logits to 1e-5."""
    model = random_model(2, norm=norm)
    source, previous = batch(model)
    with torch.inference_mode():
        whole = model(source, previous)
        state, logits = model.start(source), []
        for words in previous.split(cuts, 1):
            decoded = model.decode(state, words)
            state = decoded.state
            logits.append(decoded.logits)
        assert (torch.cat(logits, 1) - whole).abs().max() < 1e-5 * max(1.0, float(whole.abs().max()))


def test_the_future_is_not_seen():
    """Another word at step 4 changes the logits from there on and leaves those before as they were."""
    model = random_model(3)
    source, previous = batch(model)
    other = previous.clone()
    other[:, 4] = (other[:, 4] + 1) % model.config.target_vocabulary
    with torch.inference_mode():
        before, after = model(source, previous), model(source, other)
    assert torch.equal(before[:, :4], after[:, :4])
    assert ((before[:, 4:] - after[:, 4:]).abs().amax((0, 2)) > 1e-3).all()


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_recorded_attention_equals_torchs(norm):
    """Weights unfolded from Q, K and V equal those of torch.nn.MultiheadAttention to 1e-5, at all three sites."""
    model = random_model(4, norm=norm)
    source, previous = batch(model)
    every = [(site, layer) for site in Site for layer in range(3)]
    records = list(model.trace(source[:1], previous[:1], every))
    seen = {(record.site, record.layer): record for record in records if isinstance(record, Attention)}
    stages = {(record.site, record.layer): record.stages for record in records if isinstance(record, Block)}
    assert len(seen) == len(stages) == 2 + 3 + 3
    for (site, layer), attention in seen.items():
        parts = model.encoder[layer].attention if site is Site.ENCODER else model.decoder[layer].attention
        parts = model.decoder[layer].cross if site is Site.CROSS else parts
        names = stages[site, layer]
        queries = torch.tensor(names["attention_norm" if norm == "pre" else "input"])[None]
        keys = torch.tensor(names["memory"])[None] if site is Site.CROSS else queries
        mask = None if site is not Site.DECODER else ~torch.ones(7, 7, dtype=torch.bool).tril()
        with torch.inference_mode():
            attended, weights = torch_attention(parts)(
                queries, keys, keys, attn_mask=mask, need_weights=True, average_attn_weights=False
            )
        ours = np.stack([attention.weights(head) for head in range(attention.heads)])
        assert np.abs(ours - weights[0].numpy()).max() < 1e-5
        assert np.abs(names["attended"] - attended[0].numpy()).max() < 1e-5


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_the_trace_is_the_computation(norm):
    """Hidden states go from layer to layer, blocks list their stages in order, and the states returned give the logits."""
    model = random_model(5, norm=norm)
    source, previous = batch(model)
    every = [(site, layer) for site in Site for layer in range(3)]
    running, records = model.trace(source[:1], previous[:1], every), []
    while True:
        try:
            records.append(next(running))
        except StopIteration as ended:
            states = ended.value
            break
        assert not torch.is_inference_mode_enabled()  # what looks at the records is left alone
    hidden = {(record.site, record.layer): record.states for record in records if isinstance(record, Hidden)}
    blocks = {(record.site, record.layer): record.stages for record in records if isinstance(record, Block)}
    for layer in range(2):
        assert np.array_equal(blocks[Site.ENCODER, layer]["input"], hidden[Site.ENCODER, layer])
        assert np.array_equal(blocks[Site.ENCODER, layer]["output"], hidden[Site.ENCODER, layer + 1])
    for layer in range(3):
        own, cross = blocks[Site.DECODER, layer], blocks[Site.CROSS, layer]
        assert np.array_equal(own["input"], hidden[Site.DECODER, layer])
        assert np.array_equal([*own.values()][-1], cross["input"])
        assert np.array_equal(cross["output"], hidden[Site.DECODER, layer + 1])
    post = norm == "post"
    own = ["input", *FULL, "attention_norm"] if post else ["input", "attention_norm", *FULL]
    assert list(blocks[Site.DECODER, 0]) == own
    assert list(blocks[Site.ENCODER, 0]) == [*own, *([] if post else ["output_norm"]), *FEED]
    assert list(blocks[Site.CROSS, 0]) == ["memory", *own, *([] if post else ["output_norm"]), *FEED]
    with torch.inference_mode():
        assert torch.equal(model.logits(states), model(source[:1], previous[:1]))


def test_every_parameter_learns():
    """A gradient reaches each parameter, with dropout too; but the softmax forgets what all keys have in common."""
    for choices in ({}, {"norm": "pre", "position": "learned", "tied_output": False}):
        model = random_model(6, **choices).train()
        source, previous = batch(model)
        model(source, previous, 0.1).log_softmax(-1)[..., 3].sum().backward()
        silent = {name for name, parameter in model.named_parameters() if not parameter.grad.abs().sum() > 1e-4}
        assert silent == {name for name, _ in model.named_parameters() if name.endswith("key.bias")}


def test_shared_embeddings_are_one_table():
    """Source and target read the same rows, which are stored once."""
    model = random_model(7, source_vocabulary=29, shared_embeddings=True)
    assert model.words is model.source
    assert not [name for name in model.state_dict() if name.startswith("target")]
    separate = random_model(7, source_vocabulary=29)
    assert sum(p.numel() for p in separate.parameters()) - sum(p.numel() for p in model.parameters()) == 29 * 24


def test_weights_from_a_file_are_all_it_takes():
    """A model built without storage is the same once it has been given its weights."""
    model = random_model(8)
    with blank():
        copy = Transformer(model.config)
    copy.load_state_dict(model.state_dict(), assign=True)
    source, previous = batch(model)
    with torch.inference_mode():
        assert torch.equal(copy.eval()(source, previous), model(source, previous))
