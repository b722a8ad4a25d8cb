"""The tabs in the order in which they appear; adding one is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from attnviz.engine import Engine
    from attnviz.tabs.tab import Tab


@dataclass(frozen=True, slots=True)
class Entry:
    """A tab that is imported and made when it is first looked at: ``kind`` is its class in ``module``."""

    name: str
    title: str
    tip: str
    module: str
    kind: str

    def make(self, engine: Engine, parent: QWidget) -> Tab:
        made: Tab = getattr(import_module(self.module), self.kind)(engine, parent)
        return made


TABS = (
    Entry("masking", "Masking", "Mask words and see the model's predictions", "attnviz.tabs.masking", "MaskingTab"),
    Entry("inspector", "Inspector", "Every attention head and hidden state", "attnviz.tabs.inspector", "InspectorTab"),
    Entry(
        "decoding", "Decoding", "How a decoder with attention makes each word", "attnviz.tabs.decoding", "DecodingTab"
    ),
    Entry("tokenization", "Tokenization", "How text becomes tokens", "attnviz.tabs.tokenization", "TokenizationTab"),
    Entry(
        "experiments",
        "Experiments",
        "Every claim of the story, measured live",
        "attnviz.tabs.experiments",
        "ExperimentsTab",
    ),
)
