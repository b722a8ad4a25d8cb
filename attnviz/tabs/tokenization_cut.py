"""Cut: one tokenizer on the sentence, stage by stage, and what changes when one of its pieces is forbidden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from attnviz.errors import JobError
from attnviz.jobs.compare_cuts import CompareCuts
from attnviz.jobs.cut_text import CutText
from attnviz.jobs.fill_mask_edited import FillMaskEdited
from attnviz.tabs.page import draw, put
from attnviz.tabs.tokenization_cut_layout import CutLayout
from attnviz.tabs.tokenization_forbid import NO_CHECKPOINT, NOT_ITS_OWN, TIP, objection
from attnviz.tabs.tokenization_sources import LEARNED, Sources, ask_for_tokenizer
from attnviz.text.merge_edits import ForbidPiece
from attnviz.trace import Cursor, Cut
from attnviz.views.cut_chips import chip_label, stage_number
from attnviz.views.cut_stages import visible_note
from attnviz.views.moment import Moment
from attnviz.views.shift_table import changed

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.errors import AttnvizError
    from attnviz.jobs.tokenizer_source import TokenizerSource
    from attnviz.trace import Piece
    from attnviz.views.view import View


class CutPage(CutLayout):
    """One cursor for chips, stages and numbers; they show the tokenizer as it was changed, if it was."""

    def __init__(self, engine: Engine, sources: Sources, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.moment = Moment()
        self.cutting, self.comparing, self.predicting = self.asking(), self.asking(), self.asking()
        self._sources = sources
        self._wanted = ""
        self._of = ""
        self._compared_at: Cursor = Moment()
        self._connect()
        self._redraw()

    def _connect(self) -> None:
        for view in self.views():
            view.pointed.connect(self.point)
        self.both_ways.pointed.connect(self._on_compared_pointed)
        self._sources.changed.connect(self._on_sources)
        self.tokenizer.activated.connect(self._on_chosen)
        self.opening.clicked.connect(self._on_open)
        self.back.clicked.connect(self._back)
        self.on.clicked.connect(self._on)
        self.forbid.clicked.connect(self._on_forbid)
        self.changes.edited.connect(self._on_edited)
        self.cutting.answered.connect(self._on_cut)
        self.cutting.failed.connect(self._on_failed)
        for asking in (self.comparing, self.predicting):
            asking.answered.connect(self._redraw)
        for keys, slot in (
            ("Del", self.forbid.click),
            ("Ctrl+Z", self.changes.stack.undo),
            ("Ctrl+Shift+Z", self.changes.stack.redo),
        ):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    def views(self) -> tuple[View, ...]:
        return (self.chips, self.stages, self.pieces)

    @property
    def cut(self) -> Cut | None:
        return next(iter(self.cutting.trace.every(Cut)), None)

    @property
    def source(self) -> TokenizerSource | None:
        """The tokenizer that is chosen, before any change."""
        return self._sources.named(self.tokenizer.currentText())

    @property
    def is_own(self) -> bool:
        """The chosen tokenizer is the open checkpoint's."""
        return self.source is not None and self.source == self._sources.checkpoint

    @property
    def has_changes(self) -> bool:
        """Something was changed in the tokenizer that is shown, or taken back and can be made again."""
        return self.is_own and self.changes.stack.count() > 0

    @property
    def chosen(self) -> Piece | None:
        """The piece that is pinned."""
        query = self.moment.query if self.moment.pinned else None
        pieces = self.cut.at(stage_number(self.cut, self.moment)) if self.cut and self.cut.stages else ()
        return pieces[query] if query is not None and query < len(pieces) else None

    def ask(self) -> None:
        if (source := self.source) is not None:
            edited = replace(source, edits=self.changes.edits) if self.is_own else source
            put(self.cutting, CutText(self.scene.sentence, edited))
            if self.has_changes:
                self._ask_what_if(replace(source, name="before"), replace(edited, name="after"))
            else:
                self._forget_what_if()
        self._redraw()

    def _ask_what_if(self, before: TokenizerSource, after: TokenizerSource) -> None:
        put(self.comparing, CompareCuts(self.scene.sentence, (before, after)))
        scene = self.scene
        if scene.reference is not None and scene.report is not None and scene.report.can_fill_masks:
            job = FillMaskEdited(scene.reference, scene.text, scene.pair, self.changes.edits, scene.masked)
            put(self.predicting, job)

    def point(self, moment: Cursor) -> None:
        """Look at a stage or a piece."""
        if isinstance(moment, Moment):
            self.moment = moment
            self._redraw()

    def free(self) -> None:
        self.point(replace(self.moment, query=None, pinned=False))

    def choose(self, name: str) -> None:
        """Cut with another of the tokenizers at hand."""
        self._wanted = name
        self.tokenizer.setCurrentIndex(self.tokenizer.findText(name))
        self.moment = Moment()
        self.ask()

    def open(self, path: str) -> None:
        """Cut with the tokenizer of a file."""
        self.choose(self._sources.add(path).shown)

    def _step(self, by: int) -> None:
        cut = self.cut
        if cut is not None and cut.stages:
            stage = min(max(stage_number(cut, self.moment) + by, 0), len(cut.stages) - 1)
            self.point(replace(self.moment, stage=stage, query=None, pinned=False))

    @Slot()
    def _back(self) -> None:
        self._step(-1)

    @Slot()
    def _on(self) -> None:
        self._step(1)

    @Slot()
    def _on_open(self) -> None:
        if path := ask_for_tokenizer(self):
            self.open(path)

    @Slot()
    def _on_sources(self) -> None:
        """The checkpoint's tokenizer first, until somebody chose; changes are about the checkpoint that they were made to."""
        own = self._sources.checkpoint
        path, self._of = self._of, own.path if own else ""
        names = [source.shown for source in self._sources.every]
        usual = next((name for name in names if name != LEARNED), names[0] if names else "")
        chosen = self._wanted if self._wanted in names else usual
        self.tokenizer.clear()
        self.tokenizer.addItems(names)
        self.tokenizer.setCurrentIndex(self.tokenizer.findText(chosen))
        if path != self._of:
            self._forget_what_if()
            self.changes.clear()
        if self.isVisible():
            self.ask()

    def _forget_what_if(self) -> None:
        for asking in (self.comparing, self.predicting):
            asking.forget()

    @Slot()
    def _on_chosen(self) -> None:
        self.choose(self.tokenizer.currentText())

    @Slot()
    def _on_cut(self) -> None:
        self.moment = replace(self.moment, query=None, pinned=False)
        self._redraw()

    @Slot(object)
    def _on_failed(self, error: AttnvizError) -> None:
        """A file that is no tokenizer is taken back, and so is a change without sense; the last tokenizer cuts on."""
        source = self._sources.named(self._wanted)
        if isinstance(error, JobError) and self.is_own:
            self.changes.stack.undo()
        elif source is not None and source.path and source.shown != self._sources.every[0].shown:
            self._wanted = ""
            self._sources.drop(source)

    # what if

    @Slot()
    def _on_forbid(self) -> None:
        piece = self.chosen
        if piece is not None and not self._objection():
            self.changes.add(ForbidPiece(piece.text), f"forbid {chip_label(piece)}")

    @Slot(object)
    def _on_edited(self, _edits: object) -> None:
        self.moment = Moment()
        if self.isVisible():
            self.ask()

    @Slot(object)
    def _on_compared_pointed(self, cursor: Cursor) -> None:
        self._compared_at = cursor
        self._draw_what_if()

    def _objection(self) -> str:
        """Why the chosen piece can't be forbidden; empty where it can."""
        if self._sources.checkpoint is None:
            return NO_CHECKPOINT
        if not self.is_own:
            return NOT_ITS_OWN
        return objection(self.chosen, self.cut.model if self.cut else "")

    # drawing

    @Slot()
    def _redraw(self) -> None:
        draw(self.views(), self.cutting.trace, self.moment)
        reason = self._objection()
        self.forbid.setEnabled(not reason)
        self.forbid.setToolTip(reason or TIP)
        self._draw_what_if()
        self._say()

    def _draw_what_if(self) -> None:
        for part in (self._after, self._what_if):
            part.setVisible(self.has_changes)
        self._masked.setVisible(self.scene.report is None or self.scene.report.can_fill_masks)
        if self.has_changes:
            self.both_ways.draw(self.comparing.trace, self._compared_at)
            self.shift.draw(self.predicting.trace, self.moment)
            words = changed(self.shift.shifts)
            self.said.setText(words)
            self.said.setVisible(bool(words))

    def _say(self) -> None:
        cut = self.cut
        if cut is None or not cut.stages:
            return
        number = stage_number(cut, self.moment)
        stage = cut.stages[number]
        self._top.set_title("Pieces" if number == len(cut.stages) - 1 else f"Stage {number + 1}: {stage.kind}")
        edits = len(self.changes.edits) if self.is_own else 0
        changes = f"with {edits} of its pieces forbidden · " if edits else ""
        self._top.set_subtitle(
            f"{changes}{cut.model} · {cut.size:,} ids · {len(cut.pieces):,} pieces · {visible_note(stage.note)}"
        )
        self._stages.set_subtitle(f"{number + 1} of {len(cut.stages):,}")
