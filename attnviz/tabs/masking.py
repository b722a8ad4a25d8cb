"""Masking: click a word or write ``[MASK]``, and see at once what the model puts there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from attnviz.errors import printable
from attnviz.jobs.fill_mask import FillMask
from attnviz.tabs.masking_pages import PAGES, PREDICT, no_mask
from attnviz.tabs.paged import Paged
from attnviz.tabs.scene import put_in
from attnviz.tabs.tab import Tab
from attnviz.trace import Attention, Candidates, Cursor, OwnProbability, Trace
from attnviz.views.candidate_bars import CandidateBars
from attnviz.views.heat_strip import HeatStrip
from attnviz.views.layer_focus import LayerFocus
from attnviz.views.mask_focus import MaskFocus
from attnviz.views.panel import Panel
from attnviz.views.token_chips import TokenChips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.engine import Engine
    from attnviz.jobs import Job
    from attnviz.tabs.page import Page
    from attnviz.tabs.scene import Scene
    from attnviz.trace import Record, Span, Tokens
    from attnviz.views.candidate_bars import Choice
    from attnviz.views.view import View

CANDIDATES = 60
"""For each mask; as many of them are shown as there is room for."""


class MaskingTab(Tab):
    """Predictions for every mask; with no mask, how probable each word is when it alone is hidden. Further pages ask their own questions."""

    name = "masking"

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.chips = TokenChips(self)
        self.bars = CandidateBars(self)
        self.focus = MaskFocus(self)
        self.layers = LayerFocus(self)
        self.strip = HeatStrip(self)
        self.expected = CandidateBars(self)
        self._expected_for: OwnProbability | None = None
        self._build()
        for view in self.views():
            view.pointed.connect(self.on_pointed)
        self.chips.toggled.connect(self._on_toggled)
        self.strip.toggled.connect(self._on_toggled)
        for bars in (self.bars, self.expected):
            bars.chosen.connect(self._on_chosen)

    def views(self) -> Sequence[View]:
        return (self.chips, self.bars, self.focus, self.layers, self.strip)

    @property
    def is_settled(self) -> bool:
        """The page in front has its whole answer."""
        if self.paged.is_first:
            return self._is_answered
        return self.paged.page is None or self.paged.page.is_settled

    @is_settled.setter
    def is_settled(self, settled: bool) -> None:
        self._is_answered = settled

    def set_scene(self, scene: Scene) -> None:
        super().set_scene(scene)
        self.paged.set_scene(scene)

    def ask(self) -> None:
        """The pages ask for themselves; the predictions are asked for when they are in front."""
        if self.paged.is_first:
            super().ask()

    def ask_again(self) -> None:
        for page in self.paged.pages:
            page.forget()
        if self.paged.page is not None and self.isVisible():
            self.paged.page.ask()
        super().ask_again()

    def free(self) -> None:
        if self.paged.page is None:
            super().free()
        else:
            self.paged.page.free()

    def question(self, scene: Scene) -> Job | None:
        if scene.reference is None or (scene.report is not None and not scene.report.can_fill_masks):
            return None
        return FillMask(
            scene.reference,
            scene.text,
            scene.pair,
            scene.masked,
            CANDIDATES,
            or_score_words=True,
            changes=scene.changes,
            skips_misfits=True,
        )

    def is_worth_showing(self, trace: Trace) -> bool:
        tokens = trace.tokens()
        if tokens is None:
            return False
        if tokens.masks:
            return trace.find(Candidates, tokens.masks[0]) is not None
        return bool(trace.every(OwnProbability))

    def receive(self, records: tuple[Record, ...]) -> None:
        self.bars.stale = True
        super().receive(records)

    def redrawn(self) -> None:
        self.bars.stale = (
            not self.is_settled and self._incoming is not None and not self.is_worth_showing(self._incoming)
        )
        tokens = self.trace.tokens()
        self._pages.setCurrentIndex(0 if tokens is None or tokens.masks or not self.trace.every(OwnProbability) else 1)
        self._offer_layers()
        self._draw_expected()
        self._chips_panel.set_subtitle(_hint(tokens))
        count = len(self.scene.changes)
        changes = "" if not count else "1 change is made" if count == 1 else f"{count} changes are made"
        self._bars_panel.set_subtitle(f"{changes} inside the model, on the Inspector" if changes else "")

    def _build(self) -> None:
        predict = QWidget(self)
        column = QVBoxLayout(predict)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._chips_panel = Panel("Tokens", self.chips, parent=self)
        self._chips_panel.failed.connect(self.failed)
        column.addWidget(self._chips_panel)
        masks = QSplitter(Qt.Orientation.Horizontal, self)
        masks.setChildrenCollapsible(False)
        self._bars_panel = self._panel("Predictions", self.bars)
        masks.addWidget(self._bars_panel)
        right = QSplitter(Qt.Orientation.Vertical, self)
        right.setChildrenCollapsible(False)
        right.addWidget(self._focus_panel())
        right.addWidget(self._panel("Where it looks in every layer", self.layers))
        right.setSizes([240, 320])
        masks.addWidget(right)
        masks.setStretchFactor(0, 1)
        masks.setStretchFactor(1, 1)
        masks.setSizes([640, 640])
        words = QSplitter(Qt.Orientation.Vertical, self)
        words.setChildrenCollapsible(False)
        strip = self._panel("Each word masked alone", self.strip)
        strip.set_subtitle("surprisal above, its own probability below, and the three words that the model expected")
        words.addWidget(strip)
        self._expected_panel = self._panel("What the model expected", self.expected)
        words.addWidget(self._expected_panel)
        words.setSizes([260, 320])
        self._pages = QStackedWidget(self)
        self._pages.addWidget(masks)
        self._pages.addWidget(words)
        column.addWidget(self._pages, 1)
        self.paged = Paged(self._engine, (*PREDICT, predict), PAGES, self, no_mask)
        self.paged.made.connect(self._on_made)
        self.paged.turned.connect(self._on_turned)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(8, 8, 8, 8)
        whole.addWidget(self.paged)

    @Slot(object)
    def _on_made(self, page: Page) -> None:
        page.failed.connect(self.failed)
        page.wished.connect(self.wished)
        page.rested.connect(self._on_rested)

    @Slot()
    def _on_turned(self) -> None:
        if not self.paged.is_first:
            self._engine.cancel(self)  # the page in front shall not wait for it; turning back asks anew
        self.ask()
        self._on_rested()

    @Slot()
    def _on_rested(self) -> None:
        """A page has nothing open any more."""
        page = self.paged.page
        if page is not None and page.is_settled:
            self.noticed.emit(page.notices)
            self.settled.emit()

    def _panel(self, title: str, view: View) -> Panel:
        panel = Panel(title, view, parent=self)
        panel.failed.connect(self.failed)
        return panel

    def _focus_panel(self) -> Panel:
        panel = self._panel("What this mask attends to", self.focus)
        self._layers = QComboBox(self)
        self._layers.setToolTip("Layer whose attention is shown")
        self._layers.setAccessibleName("Layer")
        self._heads = QComboBox(self)
        self._heads.setToolTip("One head, or the mean of all heads of the layer")
        self._heads.setAccessibleName("Head")
        self._special = QCheckBox("hide special", self)
        self._special.setToolTip("Leave out [CLS] and [SEP]; the rest is renormalised, and the hidden share is said")
        for box in (self._layers, self._heads):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for control in (self._layers, self._heads, self._special):
            panel.add_control(control)
        self._layers.currentIndexChanged.connect(self._on_focus_changed)
        self._heads.currentIndexChanged.connect(self._on_focus_changed)
        self._special.toggled.connect(self._on_focus_changed)
        return panel

    def _draw_expected(self) -> None:
        """The full list for the word under the cursor, else for the one that surprises most."""
        tokens, words = self.trace.tokens(), self.trace.every(OwnProbability)
        if tokens is None or not words:
            return
        word = self.trace.find(OwnProbability, self.cursor_at.query) or min(words, key=lambda own: own.probability)
        label = tokens.labels[word.position]
        if self._expected_for is not word:
            self._expected_for = word
            record = Candidates(word.position, word.expected, label, word.rank, word.probability)
            self.expected.draw(Trace().plus(tokens, record), Cursor())
            self._expected_panel.set_title(f"What the model expected instead of “{printable(label, 24)}”")
            self._expected_panel.set_subtitle(
                "point at another word to see its list; a click on a candidate puts it in"
            )

    def _offer_layers(self) -> None:
        """Fill the selectors for the model that answered, keeping the choice where it still exists."""
        layers = self.trace.every(Attention)
        wanted = ["last layer", *(f"layer {record.layer}" for record in layers)]
        heads = ["mean of heads", *(f"head {head}" for head in range(layers[0].heads if layers else 0))]
        for box, entries in ((self._layers, wanted), (self._heads, heads)):
            if layers and [box.itemText(place) for place in range(box.count())] != entries:
                kept = min(max(box.currentIndex(), 0), len(entries) - 1)
                box.blockSignals(True)
                box.clear()
                box.addItems(entries)
                box.setCurrentIndex(kept)
                box.blockSignals(False)
                self._on_focus_changed()

    @Slot()
    def _on_focus_changed(self) -> None:
        self.focus.layer = self._layers.currentIndex() - 1 if self._layers.currentIndex() > 0 else None
        self.focus.head = self._heads.currentIndex() - 1 if self._heads.currentIndex() > 0 else None
        self.focus.hide_special = self.layers.hide_special = self._special.isChecked()
        self.layers.head = self.focus.head

    @Slot(object)
    def _on_toggled(self, position: int) -> None:
        tokens = self.trace.tokens()
        span = word_span(tokens, position) if tokens else None
        if tokens is None or span is None or tokens.joint != self._joint():
            return
        if tokens.originals[position] is None and position in tokens.masks:
            return  # a [MASK] that was typed has no word to bring back; it is edited in the sentence
        self.wished.emit(self.scene.toggled(span))

    @Slot(object)
    def _on_chosen(self, choice: Choice) -> None:
        """Put the candidate where the mask is; a word that was masked by a click is replaced in the sentence."""
        tokens = self.trace.tokens()
        span = tokens.spans[choice.position] if tokens else None
        if tokens is None or span is None or tokens.joint != self._joint():
            return
        self.wished.emit(put_in(self.scene, tokens, choice.position, choice.candidate.label))

    def _joint(self) -> str:
        pair = self.scene.pair
        return self.scene.text if pair is None else f"{self.scene.text}\n{pair}"


def word_span(tokens: Tokens, position: int) -> Span | None:
    """The span of the whole word that a token is part of, None for tokens that the model's template added."""
    word, span = tokens.words[position], tokens.spans[position]
    if word is None or span is None:
        return span
    spans = [part for part, other in zip(tokens.spans, tokens.words, strict=True) if other == word and part is not None]
    return (min(start for start, _ in spans), max(end for _, end in spans))


def _hint(tokens: Tokens | None) -> str:
    if tokens is None:
        return ""
    count = len(tokens.masks)
    masks = "no word masked" if not count else "1 mask" if count == 1 else f"{count} masks"
    return f"{len(tokens)} tokens · {masks} · click a word to mask it, click again to bring it back"
