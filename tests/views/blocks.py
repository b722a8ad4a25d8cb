"""Blocks of tiny random models for the tests of views: their stages, their attention, and the weights behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import torch
from pytestqt.qtbot import QtBot
from torch import nn

from attnviz.models.attention import numbers
from attnviz.models.bert import BertBlock
from attnviz.models.config import BertConfig
from attnviz.models.edited import UNCHANGED, AttentionChange, LayerChange, attention_record
from attnviz.models.transformer_config import TransformerConfig
from attnviz.models.transformer_layers import DecoderLayer, EncoderLayer, causal, keys_and_values
from attnviz.trace import Block, BlockWeights, Cursor, Record, Site, Trace
from attnviz.views.block_card import BlockCard
from attnviz.views.block_pane import Pane
from attnviz.views.block_view import BlockView
from tests.views.traces import WORDS, shown, tokens_of, words

_Module = TypeVar("_Module", bound=nn.Module)
TARGET = ("<s>", "la", "capitale", "est", "paris")
NARROW = BertConfig(vocabulary=30, hidden=24, layers=1, heads=3, intermediate=40, positions=64)


def bert_block(
    count: int = 9, *, layer: int = 0, config: BertConfig = NARROW, seed: int = 0, change: LayerChange = UNCHANGED
) -> Trace:
    """A post-norm encoder block over ``count`` tokens, as BERT has it, with what a person changed in it."""
    torch.manual_seed(seed)
    block = _stirred(BertBlock(config))
    with torch.inference_mode():
        stages = block(2 * torch.randn(1, count, config.hidden), None, change)._asdict()
    labels = WORDS if count == len(WORDS) else words(count)
    return Trace().plus(
        tokens_of(labels), *_records(Site.ENCODER, layer, stages, block, config.activation, change=change.attention)
    )


def encoder_block(norm: str = "pre", count: int = 6, change: LayerChange = UNCHANGED) -> Trace:
    """A Transformer's encoder block, pre-norm unless said otherwise."""
    config = _config(norm)
    torch.manual_seed(1)
    layer = _stirred(EncoderLayer(config))
    with torch.inference_mode():
        stages = layer(torch.randn(1, count, config.hidden), change=change)
    return Trace().plus(tokens_of(words(count)), *_records(Site.ENCODER, 0, stages, layer, config.activation))


def decoder_blocks(norm: str = "post", source: int = 7) -> Trace:
    """Both blocks of a decoder layer: causal self-attention of five words, and cross-attention to ``source`` tokens."""
    config = _config(norm)
    torch.manual_seed(2)
    layer = _stirred(DecoderLayer(config))
    with torch.inference_mode():
        states, memory = torch.randn(1, len(TARGET), config.hidden), torch.randn(1, source, config.hidden)
        own, cross = layer(states, keys_and_values(layer.cross, memory))
        mask = causal(len(TARGET), None, states.device)
    crossing = {"memory": memory, **cross}
    return Trace().plus(
        tokens_of(TARGET, Site.DECODER),
        tokens_of(words(source)),
        *_records(Site.DECODER, 0, own, layer, config.activation, mask),
        *_records(Site.CROSS, 0, crossing, layer, config.activation),
    )


def without(trace: Trace, kind: type[Record]) -> Trace:
    """The trace before records of that kind arrived."""
    return Trace().plus(*(kept for kept in trace.records.values() if not isinstance(kept, kind)))


def _config(norm: str) -> TransformerConfig:
    return TransformerConfig(20, 20, hidden=24, heads=3, intermediate=36, activation="gelu", norm=norm)


def _stirred(module: _Module) -> _Module:
    """Norms and biases that aren't ones and zeros, so that forgetting them is seen."""
    for name, parameter in module.named_parameters():
        if "norm" in name or name.endswith("bias"):
            nn.init.normal_(parameter, mean=1.0 if name.endswith("norm.weight") else 0.0, std=0.3)
    return module.eval()


def _records(
    site: Site,
    layer: int,
    stages: Mapping[str, torch.Tensor | None],
    module: nn.Module,
    activation: str,
    mask: torch.Tensor | None = None,
    change: AttentionChange | None = None,
) -> tuple[Record, ...]:
    kept = {name: numbers(stage[0]) for name, stage in stages.items() if stage is not None and name != "weights"}
    block = Block(site, layer, kept)
    attention = attention_record(site, layer, stages, mask, change)
    parts = {"attention": "", "attention_norm": "attention_norm.", "output_norm": "output_norm."}
    if site is Site.CROSS:
        parts = {"cross": "", "cross_norm": "attention_norm.", "output_norm": "output_norm."}
    parameters = {
        f"{prefix}{name}": numbers(parameter)
        for part, prefix in parts.items()
        for name, parameter in getattr(module, part).named_parameters()
    }
    epsilon = float(module.output_norm.eps)
    return block, attention, BlockWeights(site, layer, parameters, epsilon, activation)


HERE = Cursor(head=1)
TRACES = {
    "bert": (bert_block, HERE),
    "pre": (encoder_block, HERE),
    "post": (lambda: encoder_block("post"), HERE),
    "decoder": (decoder_blocks, Cursor(head=1, site=Site.DECODER)),
    "cross": (decoder_blocks, Cursor(head=1, site=Site.CROSS)),
    "pre cross": (lambda: decoder_blocks("pre"), Cursor(head=1, site=Site.CROSS)),
}


def block_of(
    qtbot: QtBot, trace: Trace | None = None, cursor: Cursor = HERE, size: tuple[int, int] = (820, 620)
) -> BlockView:
    return shown(qtbot, BlockView(), bert_block() if trace is None else trace, cursor, size)


def pane_of(card: BlockCard, symbol: str) -> Pane:
    return next(pane for pane in card.panes() if pane.symbol == symbol)
