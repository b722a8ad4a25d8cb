"""Opens checkpoints: waits for the gate's verdict, reads the weights, probes the model, and keeps the last two at hand."""

from __future__ import annotations

import gc
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from attnviz.errors import CheckpointError
from attnviz.models.bert import Bert
from attnviz.models.blank import blank
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.device import available, choose
from attnviz.models.gate import Examination, Verdict, unchanged
from attnviz.models.layout import Part
from attnviz.models.weights import read_weights
from attnviz.text.codec import Codec
from attnviz.trace import LoadReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from attnviz.models.reference import Reference

KEPT = 2


class Library:
    """The open models of one thread. ``open`` is cheap for a reference that was opened before.

    ``early`` holds examinations that were begun before torch was imported.
    """

    def __init__(self, early: Mapping[Reference, Examination] | None = None) -> None:
        self._open: OrderedDict[Reference, Checkpoint] = OrderedDict()
        self._early = dict(early or {})

    def open(self, reference: Reference, *, fresh: bool = False) -> Checkpoint:
        """The checkpoint of a reference, loaded when needed. Raises CheckpointError; what was open stays open.

        ``fresh`` looks whether its files are still those that were read, and reads them again where they are not.
        """
        if reference not in self._open or (fresh and _changed(self._open[reference])):
            self._open[reference] = self._load(reference)
            while len(self._open) > KEPT:
                self._open.popitem(last=False)
                gc.collect()
        self._open.move_to_end(reference)
        return self._open[reference]

    def close(self) -> None:
        """Stop the early examinations that nobody asked for: their answers would wait in the pipe for ever."""
        for unwanted in self._early.values():
            unwanted.cancel()
        self._early.clear()

    def _load(self, reference: Reference) -> Checkpoint:
        started = time.perf_counter()
        early = self._early.pop(reference, None)
        self.close()
        running = early or Examination(Path(reference.path), allow_pickle=reference.allow_pickle)
        return load(running.verdict(), choose(reference.device), lambda: time.perf_counter() - started)


def _changed(checkpoint: Checkpoint) -> bool:
    try:
        unchanged(checkpoint.verdict)
    except CheckpointError:
        return True
    return False


def load(verdict: Verdict, device: torch.device, clock: Callable[[], float] = lambda: 0.0) -> Checkpoint:
    """Build the model that the gate let through and put its weights in. Raises CheckpointError."""
    unchanged(verdict)
    weights = read_weights(verdict)
    parts = verdict.agreement.parts
    with blank():
        model = Bert(
            verdict.config,
            pooler=Part.POOLER in parts,
            mlm=Part.MLM in parts,
            nsp=Part.NSP in parts and Part.POOLER in parts,
            own_decoder="mlm.decoder.weight" in verdict.agreement.sources,
        )
    wanted = model.state_dict().keys()
    model.load_state_dict({name: weights[name] for name in wanted}, strict=True, assign=True)
    model.requires_grad_(requires_grad=False).eval().to(device)
    codec = Codec(verdict.tokenizer)
    _agree_on_vocabulary(codec, verdict)
    probe = _probe(model, device)
    return Checkpoint(model, codec, _report(verdict, model, device, probe, clock()), device, verdict)


def _agree_on_vocabulary(codec: Codec, verdict: Verdict) -> None:
    if codec.size > verdict.config.vocabulary:
        raise CheckpointError(
            f"The tokenizer has ids up to {codec.size - 1}, but the model only {verdict.config.vocabulary} embeddings; "
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
    for name, values in outputs.items():
        if not bool(torch.isfinite(values).all()):
            raise CheckpointError(
                f"The weights give {name} that are not finite numbers (NaN or infinite), so nothing could be trusted; "
                "the file is damaged or its training diverged.",
                "NON_FINITE",
            )
    return f"finite; mean {float(states.mean()):+.3f}, standard deviation {float(states.std()):.3f} over 3 tokens"


def _report(verdict: Verdict, model: Bert, device: torch.device, probe: str, seconds: float) -> LoadReport:
    config = verdict.config
    return LoadReport(
        name=Path(verdict.folder).name,
        path=verdict.folder,
        family="bert",
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
        notes=(*verdict.notes, *verdict.tokenizer.notes),
        can_fill_masks=model.mlm is not None and verdict.tokenizer.mask is not None,
        can_judge_pairs=model.nsp is not None,
        seconds=seconds,
    )
