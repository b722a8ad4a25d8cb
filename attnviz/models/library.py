"""Opens checkpoints: waits for the gate's verdict, reads the weights, probes the model, and keeps the last ones at hand."""

from __future__ import annotations

import gc
import json
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import nn

from attnviz.errors import CheckpointError
from attnviz.models.bert import Bert
from attnviz.models.blank import blank
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.config import BertConfig
from attnviz.models.device import available, choose
from attnviz.models.encoder_decoder import EncoderDecoder
from attnviz.models.gate import Examination, Verdict, unchanged
from attnviz.models.layout import Part
from attnviz.models.recurrent import RecurrentWriter
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig
from attnviz.models.weights import read_weights
from attnviz.text.codec import Codec
from attnviz.text.readable import spelling_of
from attnviz.trace import LoadReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from attnviz.models.reference import Reference

KEPT = 2  # of each kind
Opened = Checkpoint | EncoderDecoder
_Model = TypeVar("_Model", bound=nn.Module)


class Library:
    """The open models of one thread. ``open`` is cheap for a reference that was opened before.

    ``early`` holds examinations that were begun before torch was imported.
    """

    def __init__(self, early: Mapping[Reference, Examination] | None = None) -> None:
        self._open: OrderedDict[Reference, Opened] = OrderedDict()
        self._early = dict(early or {})

    def open(self, reference: Reference, *, fresh: bool = False) -> Opened:
        """The checkpoint of a reference, loaded when needed. Raises CheckpointError; what was open stays open.

        ``fresh`` looks whether its files are still those that were read, and reads them again where they are not.
        """
        if reference not in self._open or (fresh and _changed(self._open[reference])):
            self._open[reference] = self._load(reference)
        self._open.move_to_end(reference)
        self._forget_oldest(type(self._open[reference]))
        return self._open[reference]

    def _forget_oldest(self, kind: type[Opened]) -> None:
        """Keep the last ones of a kind."""
        alike = [reference for reference, opened in self._open.items() if isinstance(opened, kind)]
        for reference in alike[:-KEPT]:
            del self._open[reference]
            gc.collect()

    def encoder(self, reference: Reference) -> Checkpoint:
        """A checkpoint of the BERT kind. Raises CheckpointError for another kind."""
        found = self.open(reference)
        if isinstance(found, Checkpoint):
            return found
        sentence = f"'{found.report.name}' is an encoder–decoder: it writes words and masks none; open it in the decoding tab, or with 'attnviz decode'."
        raise CheckpointError(sentence, "WRONG_FAMILY")

    def encoder_decoder(self, reference: Reference) -> EncoderDecoder:
        """A checkpoint that decodes. Raises CheckpointError for another kind."""
        found = self.open(reference)
        if isinstance(found, EncoderDecoder):
            return found
        sentence = f"'{found.report.name}' has no decoder, so it can't write words; its masks can be filled and its attention inspected."
        raise CheckpointError(sentence, "WRONG_FAMILY")

    def close(self) -> None:
        """Stop the early examinations that nobody asked for: their answers would wait in the pipe for ever."""
        for unwanted in self._early.values():
            unwanted.cancel()
        self._early.clear()

    def _load(self, reference: Reference) -> Opened:
        started = time.perf_counter()
        early = self._early.pop(reference, None)
        self.close()
        running = early or Examination(Path(reference.path), allow_pickle=reference.allow_pickle)
        return load(running.verdict(), choose(reference.device), lambda: time.perf_counter() - started)


def _changed(checkpoint: Opened) -> bool:
    try:
        unchanged(checkpoint.verdict)
    except CheckpointError:
        return True
    return False


def load(verdict: Verdict, device: torch.device, clock: Callable[[], float] = lambda: 0.0) -> Opened:
    """Build the model that the gate let through and put its weights in. Raises CheckpointError."""
    unchanged(verdict)
    weights = read_weights(verdict)
    if isinstance(verdict.config, Seq2seqConfig):
        return _load_translator(verdict, verdict.config, weights, device, clock)
    model = _filled(lambda: _bert(verdict), weights, device)
    codec = Codec(verdict.tokenizer)
    _agree_on_vocabulary(codec, verdict.config.vocabulary)
    probe = _probe(model, device)
    able = {
        "can_fill_masks": model.mlm is not None and codec.mask is not None,
        "can_judge_pairs": model.nsp is not None,
    }
    return Checkpoint(model, codec, _report(verdict, model, device, probe, clock(), able), device, verdict)


def _bert(verdict: Verdict) -> Bert:
    parts = verdict.agreement.parts
    if not isinstance(verdict.config, BertConfig):
        raise TypeError("not a BERT")
    return Bert(
        verdict.config,
        pooler=Part.POOLER in parts,
        mlm=Part.MLM in parts,
        nsp=Part.NSP in parts and Part.POOLER in parts,
        own_decoder="mlm.decoder.weight" in verdict.agreement.sources,
    )


def _load_translator(
    verdict: Verdict,
    config: Seq2seqConfig,
    weights: Mapping[str, torch.Tensor],
    device: torch.device,
    clock: Callable[[], float],
) -> EncoderDecoder:
    """An encoder–decoder with the tokenizers of its two sides."""
    if verdict.target is None:
        raise CheckpointError("The folder has no target tokenizer, so no words could be written.", "TOKENIZER_MISSING")
    model = _filled(lambda: Seq2seq(config), weights, device)
    source, target = (Codec(spec, spelling_of(json.loads(spec.json))) for spec in (verdict.tokenizer, verdict.target))
    _agree_on_vocabulary(source, config.source_vocabulary)
    _agree_on_vocabulary(target, config.target_vocabulary)
    probe = _probe_steps(model, device)
    able = {"can_fill_masks": False, "can_judge_pairs": False, "can_write": True}
    report = _report(verdict, model, device, probe, clock(), able)
    vocabulary = tuple(map(target.label, range(config.target_vocabulary)))
    return EncoderDecoder(RecurrentWriter(model, device), source, target, vocabulary, report, device, verdict)


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
    states = model(ids[:, : model.config.positions])  # (1, tokens, hidden)
    outputs = {"hidden states": states}
    if model.mlm is not None:
        outputs["masked-word scores"] = model.word_logits(states)
    if model.nsp is not None:
        outputs["next-sentence scores"] = model.pair_logits(states)
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
        positions=config.positions,
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
