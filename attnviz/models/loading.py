"""Building a model that the gate let through: weights in place, a first run that must be finite, and the load report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from attnviz.errors import CheckpointError
from attnviz.models.bert import Bert
from attnviz.models.blank import blank
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.config import BertConfig
from attnviz.models.device import available
from attnviz.models.encoder_decoder import EncoderDecoder
from attnviz.models.gate import Verdict, unchanged
from attnviz.models.layout import Part
from attnviz.models.recurrent import RecurrentWriter
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig
from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig
from attnviz.models.transformer_writer import TransformerWriter
from attnviz.models.weights import read_weights
from attnviz.text.codec import Codec
from attnviz.text.readable import Spelling, spelling_of
from attnviz.text.tokenizer_file import TokenizerSpec
from attnviz.trace import LoadReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from attnviz.models.writer import Writer

Opened = Checkpoint | EncoderDecoder
_Model = TypeVar("_Model", bound=nn.Module)


def load(verdict: Verdict, device: torch.device, clock: Callable[[], float] = lambda: 0.0) -> Opened:
    """Build the model that the gate let through and put its weights in. Raises CheckpointError."""
    unchanged(verdict)
    weights = read_weights(verdict)
    if not isinstance(verdict.config, BertConfig):
        return _load_translator(verdict, verdict.config, weights, device, clock)
    model = _filled(lambda: _bert(verdict), weights, device)
    codec = Codec(verdict.tokenizer, _spelling(verdict.tokenizer))
    _agree_on_vocabulary(codec, verdict.config.vocabulary)
    probe = _probe(model, device)
    able = {
        "can_fill_masks": model.mlm is not None and codec.mask is not None,
        "can_judge_pairs": model.nsp is not None,
        "can_detect": model.rtd is not None,
    }
    return Checkpoint(model, codec, _report(verdict, model, device, probe, clock(), able), device, verdict)


def _spelling(tokenizer: TokenizerSpec) -> Spelling | None:
    """How pieces are made readable; WordPiece's are."""
    return None if tokenizer.kind == "WordPiece" else spelling_of(json.loads(tokenizer.json))


def _bert(verdict: Verdict) -> Bert:
    parts = verdict.agreement.parts
    if not isinstance(verdict.config, BertConfig):
        raise TypeError("not a BERT")
    return Bert(
        verdict.config,
        pooler=Part.POOLER in parts,
        mlm=Part.MLM in parts,
        nsp=Part.NSP in parts and Part.POOLER in parts,
        rtd=Part.RTD in parts,
        own_decoder="mlm.decoder.weight" in verdict.agreement.sources,
    )


def _load_translator(
    verdict: Verdict,
    config: Seq2seqConfig | TransformerConfig,
    weights: Mapping[str, torch.Tensor],
    device: torch.device,
    clock: Callable[[], float],
) -> EncoderDecoder:
    """An encoder–decoder with the tokenizers of its two sides."""
    if verdict.target is None:
        raise CheckpointError("The folder has no target tokenizer, so no words could be written.", "TOKENIZER_MISSING")
    writer, probe = _writer(config, weights, device)
    source, target = (Codec(spec, spelling_of(json.loads(spec.json))) for spec in (verdict.tokenizer, verdict.target))
    _agree_on_vocabulary(source, config.source_vocabulary)
    _agree_on_vocabulary(target, config.target_vocabulary)
    able = {"can_fill_masks": False, "can_judge_pairs": False, "can_write": True}
    report = _report(verdict, writer.model, device, probe, clock(), able)
    vocabulary = tuple(map(target.label, range(config.target_vocabulary)))
    return EncoderDecoder(writer, source, target, vocabulary, report, device, verdict)


def _writer(
    config: Seq2seqConfig | TransformerConfig, weights: Mapping[str, torch.Tensor], device: torch.device
) -> tuple[Writer, str]:
    """The model with its weights, and what a first run of it says."""
    if isinstance(config, TransformerConfig):
        transformer = _filled(lambda: Transformer(config), weights, device)
        return TransformerWriter(transformer, device), _probe_words(transformer, device)
    model = _filled(lambda: Seq2seq(config), weights, device)
    return RecurrentWriter(model, device), _probe_steps(model, device)


def _filled(build: Callable[[], _Model], weights: Mapping[str, torch.Tensor], device: torch.device) -> _Model:
    """A model with its weights in place, for looking only."""
    with blank():
        model = build()
    wanted = model.state_dict().keys()
    model.load_state_dict({name: weights[name] for name in wanted}, strict=True, assign=True)
    model.requires_grad_(requires_grad=False).eval().to(device)
    return model


def _agree_on_vocabulary(codec: Codec, rows: int) -> None:
    if codec.size > rows:
        raise CheckpointError(
            f"The tokenizer has ids up to {codec.size - 1}, but the model only {rows} embeddings; "
            "the two files belong to different models.",
            "VOCAB_MISMATCH",
        )


@torch.inference_mode()
def _probe(model: Bert, device: torch.device) -> str:
    """Three tokens through the model and its heads; refuses numbers that are not finite."""
    ids = torch.arange(3, device=device)[None] % model.config.vocabulary  # (1, 3)
    states = model(ids[:, : model.config.longest])  # (1, tokens, hidden)
    outputs = {"hidden states": states}
    if model.mlm is not None:
        outputs["masked-word scores"] = model.word_logits(states)
    if model.nsp is not None:
        outputs["next-sentence scores"] = model.pair_logits(states)
    if model.rtd is not None:
        outputs["replaced-word scores"] = model.replaced_logits(states)
    return _verdict_on(outputs, "3 tokens")


@torch.inference_mode()
def _probe_steps(model: Seq2seq, device: torch.device) -> str:
    """Three source tokens and two steps through the model; refuses numbers that are not finite."""
    config = model.config
    source = torch.arange(3, device=device)[None] % config.source_vocabulary  # (1, 3)
    previous = torch.tensor([[config.begin, config.begin]], device=device)  # (1, 2)
    encoded = model.encode(source)
    steps = model.steps(previous, encoded.fixed, encoded)
    return _verdict_on({"hidden states": encoded.states, "word scores": steps.logits}, "3 tokens")


@torch.inference_mode()
def _probe_words(model: Transformer, device: torch.device) -> str:
    """Three source tokens and two words through the model; refuses numbers that are not finite."""
    config = model.config
    most = min(3, config.longest_source or 3)
    source = torch.arange(most, device=device)[None] % config.source_vocabulary  # (1, 3)
    previous = torch.tensor([[config.begin] * min(2, config.longest)], device=device)  # (1, 2)
    state = model.start(source)
    return _verdict_on({"hidden states": state.memory, "word scores": model.decode(state, previous).logits}, "3 tokens")


def _verdict_on(outputs: Mapping[str, torch.Tensor], over: str) -> str:
    for name, values in outputs.items():
        if not bool(torch.isfinite(values).all()):
            raise CheckpointError(
                f"The weights give {name} that are not finite numbers (NaN or infinite), so nothing could be trusted; "
                "the file is damaged or its training diverged.",
                "NON_FINITE",
            )
    states = outputs["hidden states"]
    return f"finite; mean {float(states.mean()):+.3f}, standard deviation {float(states.std()):.3f} over {over}"


def _report(
    verdict: Verdict, model: nn.Module, device: torch.device, probe: str, seconds: float, able: Mapping[str, bool]
) -> LoadReport:
    config = verdict.config
    return LoadReport(
        name=Path(verdict.folder).name,
        path=verdict.folder,
        family=verdict.family,
        layers=config.layers,
        heads=config.heads,
        hidden=config.hidden,
        vocabulary=config.vocabulary,
        positions=config.longest if isinstance(config, BertConfig) else config.positions,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        expected=len(verdict.agreement.sources) + len(verdict.agreement.missing),
        found=len(verdict.agreement.sources),
        missing=verdict.agreement.missing,
        unexpected=verdict.agreement.unexpected,
        dtype=verdict.dtype,
        bytes=verdict.bytes,
        device=str(device),
        devices=available(),
        probe=probe,
        notes=tuple(dict.fromkeys(verdict.notes)),
        seconds=seconds,
        **able,
    )
