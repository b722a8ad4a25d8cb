"""An encoder–decoder of a shipped one's sizes that never ends: random weights, its end sign suppressed, 200 words a run."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks.subjects import application, process_events

if TYPE_CHECKING:
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.tabs.decoding import DecodingTab
    from attnviz.trace import Tokens

SOURCE = "indefatigability"
NEVER = -1e4  # the end sign's bias


def write(folder: Path, steps: int) -> Path:
    """A folder with the tokenizers of a shipped model and random weights."""
    import torch
    from safetensors.torch import save_file

    from attnviz.models import shelf
    from attnviz.models.seq2seq import Seq2seq
    from attnviz.models.seq2seq_config import Seq2seqConfig

    shipped = shelf.default_translator()
    found = {**json.loads((shipped / "config.json").read_text("utf-8")), "attention": "general", "longest": steps}
    config = Seq2seqConfig(**{field.name: found[field.name] for field in fields(Seq2seqConfig) if field.name in found})
    torch.manual_seed(0)
    model = Seq2seq(config)
    model.output_bias.data[config.end] = NEVER
    (folder / "config.json").write_text(json.dumps(found), "utf-8")
    shutil.copy(shipped / "tokenizer.json", folder)
    save_file(model.state_dict(), folder / "model.safetensors")
    return folder


@dataclass(frozen=True)
class Endless:
    """The open model with the tokens of its source; it is its own library, for jobs."""

    opened: EncoderDecoder
    tokens: Tokens
    reference: Reference

    def encoder_decoder(self, _reference: Reference) -> EncoderDecoder:
        return self.opened

    @property
    def library(self) -> Library:
        return cast("Library", self)


@cache
def endless(steps: int) -> Endless:
    """Such a model of so many steps, with as many threads as the program gives it."""
    from attnviz.models.device import leave_one_core
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.trace import Tokens

    leave_one_core()
    with tempfile.TemporaryDirectory() as place:
        reference = Reference(str(write(Path(place), steps)), "cpu")
        opened = Library().encoder_decoder(reference)
    [tokens] = [record for record in opened.read(SOURCE) if isinstance(record, Tokens)]
    return Endless(opened, tokens, reference)


@contextmanager
def decoding_tab(steps: int, size: tuple[int, int]) -> Iterator[DecodingTab]:
    """The real window with the decoding tab in front, settled on an output of so many words."""
    application()
    from attnviz import session, settings
    from attnviz.tabs.decoding import DecodingTab
    from attnviz.trace import Decoding

    remembered = settings.Settings(theme="light", tab="decoding", width=size[0], height=size[1])
    window = session.make_window(remembered, None, None)
    with tempfile.TemporaryDirectory() as place:
        window.show()
        window.open(str(write(Path(place), steps)))
        try:
            process_events(lambda: window.is_settled and isinstance(window.tab, DecodingTab))
            assert isinstance(window.tab, DecodingTab)
            tab = window.tab
            tab.widgets.controls.choose(place)
            tab.widgets.controls.source.setText(SOURCE)
            tab.widgets.controls.say()
            process_events(lambda: window.is_settled)
            decoding = tab.trace.find(Decoding)
            assert decoding is not None
            assert len(decoding) == steps
            yield tab
        finally:
            window.close()
            window.deleteLater()
