"""Opens checkpoints: waits for the gate's verdict, has the model loaded, and keeps the last ones at hand."""

from __future__ import annotations

import gc
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import CheckpointError
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.device import choose
from attnviz.models.encoder_decoder import EncoderDecoder
from attnviz.models.gate import Examination, unchanged
from attnviz.models.loading import Opened, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from attnviz.models.reference import Reference

KEPT = 3  # of each kind: the open one, and two that are looked at beside it
SIGN_S = 0.05  # between two signs of life


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

    def examine(self, reference: Reference) -> Iterator[None]:
        """Yield again and again until ``open`` needn't wait for the gate; whoever stops asking stops the examination."""
        if reference in self._open:
            return
        running = self._early.setdefault(reference, _examination(reference))
        try:
            while not running.is_done(within=SIGN_S):
                yield
        except GeneratorExit:
            self._early.pop(reference).cancel()
            raise

    def _forget_oldest(self, kind: type[Opened]) -> None:
        """Keep the last ones of a kind."""
        alike = [reference for reference, opened in self._open.items() if isinstance(opened, kind)]
        for reference in alike[:-KEPT]:
            del self._open[reference]
            gc.collect()

    def translates(self, reference: Reference) -> bool:
        """Whether a checkpoint is an encoder–decoder. Raises CheckpointError."""
        return isinstance(self.open(reference), EncoderDecoder)

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
        running = early or _examination(reference)
        return load(running.verdict(), choose(reference.device), lambda: time.perf_counter() - started)


def _examination(reference: Reference) -> Examination:
    return Examination(Path(reference.path), allow_pickle=reference.allow_pickle)


def _changed(checkpoint: Opened) -> bool:
    try:
        unchanged(checkpoint.verdict)
    except CheckpointError:
        return True
    return False
