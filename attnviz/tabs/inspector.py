"""Inspector: every head of every layer, one thing in detail, the hidden states between the layers, and what if it were otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut

from attnviz.jobs.inspect import Inspect
from attnviz.tabs.inspector_beside import Beside, Subject
from attnviz.tabs.inspector_layout import DECODED, InspectorLayout
from attnviz.tabs.inspector_pages import BEFORE, BOTH, DIFFERENCE
from attnviz.tabs.tab import Tab
from attnviz.trace import Attention, Checked, Cursor, Decoding, Misfits, Shift, Site, Trace
from attnviz.views.lettering import visible
from attnviz.views.shift_table import changed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from attnviz.edits import InsideWish
    from attnviz.engine import Engine
    from attnviz.jobs import Job
    from attnviz.tabs.scene import Scene
    from attnviz.views.view import View


REST_MS = 500


class InspectorTab(Tab):
    """Overview of all heads at the left, one page in the middle, numbers and what-ifs at the right; one cursor for all.

    The main answer is an Inspect. What a page needs more is asked when it is in front: the inside of a layer, the lens, and
    with what-ifs the run without them and the change of the prediction.
    """

    name = "inspector"

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.widgets = InspectorLayout(self)
        self.pages, self.detail = self.widgets.pages, self.widgets.pages.panel
        self.chips, self.grid, self.table, self.card = (
            *(self.widgets.chips, self.widgets.grid),
            *(self.widgets.table, self.widgets.card),
        )
        self.map, self.arcs, self.hidden, self.norms = (
            *(self.pages.map, self.pages.arcs),
            *(self.pages.hidden, self.pages.norms),
        )
        self.controls, self.shifts = self.pages.controls, self.widgets.shifts
        self.beside = Beside(engine, self)
        self._asked_subject: Subject | None = None
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._check)
        self._connect()
        self._add_keys()

    def views(self) -> Sequence[View]:
        return self.widgets.views

    def front(self) -> View:
        """The map or its like: what is looked at while typing."""
        return self.pages.front

    @property
    def is_of_decoder(self) -> bool:
        """Whether what the decoding tab decodes is inspected, and not the sentence."""
        return self.widgets.subject.currentText() == DECODED and self.scene.writer is not None

    @property
    def subject(self) -> Subject | None:
        """What is inspected."""
        return Subject.of(self.scene, decoded=self.is_of_decoder)

    def question(self, scene: Scene) -> Job | None:
        subject = self._asked_subject = self.subject
        if subject is None:
            return None
        earlier = self.beside.earlier(subject)
        return Inspect(*subject.asked, edits=scene.changes, earlier=earlier, skips_misfits=True)

    def set_scene(self, scene: Scene) -> None:
        self.widgets.subject.setVisible(scene.writer is not None)
        if scene.writer is None:
            self.widgets.subject.setCurrentIndex(0)
        super().set_scene(scene)

    def is_worth_showing(self, trace: Trace) -> bool:
        """As soon as the layer that is looked at is there; the overview fills in after it."""
        return trace.attention(self.cursor_at.layer, self.cursor_at.site) is not None

    def trace_for(self, view: View) -> Trace:
        """The run with what-ifs or the one without; for some views with what was asked for them."""
        pages, beside = self.pages, self.beside
        if view is self.widgets.shifts:
            return beside.shift.trace
        if view is pages.block:
            return beside.joined(self.trace, beside.inside)
        if view in {pages.lens, pages.stream, pages.positions}:
            return beside.joined(self.trace, beside.lens)
        is_before = view is pages.map_before or pages.compared == BEFORE
        return beside.unchanged(self.subject) if is_before else self.trace

    def prepare(self) -> None:
        pages, before = self.pages, self.beside.unchanged(self.subject)
        self.map.minus = before if pages.compared == DIFFERENCE else None
        is_both = pages.compared == BOTH
        self.map.beside, pages.map_before.beside = (before, self.trace) if is_both else (None, None)
        self.map.title, pages.map_before.title = ("after", "before") if is_both else ("", "")

    def redrawn(self) -> None:
        cursor, parts = self.cursor_at, self.widgets
        site = "" if cursor.site is Site.ENCODER else f"{cursor.site} · "
        self.detail.set_title(f"{site}layer {cursor.layer} · head {cursor.head}".capitalize())
        self.detail.set_subtitle("pinned, Esc frees" if cursor.pinned else "")
        self.controls.follow(self.trace.tokens())
        has_decoder = self.trace.tokens(Site.DECODER) is not None
        parts.site.setVisible(has_decoder)
        parts.grid.extent = self._extent()
        self.pages.offer_comparison(changed=bool(self.scene.changes))
        parts.shift_panel.setVisible(bool(self.scene.changes) and (has_decoder or bool(self._shifts())))
        parts.shift_said.setText(self._said_of_words() if has_decoder else changed(self._shifts()))
        self.shifts.setVisible(not has_decoder)
        checked = self.beside.inside.trace.find(Checked, (cursor.site, cursor.layer, cursor.head))
        parts.say_checked(f"✓ {checked.difference:.0e}" if checked else "", _how(checked))

    def _shifts(self) -> tuple[Shift, ...]:
        return self.beside.shift.trace.every(Shift)

    def _said_of_words(self) -> str:
        """What the decoder writes before and after."""
        before, after = (trace.find(Decoding) for trace in (self.beside.unchanged(self.subject), self.trace))
        if before is None or after is None:
            return ""
        words = "the same words" if before.text == after.text else f"{visible(before.text)} → {visible(after.text)}"
        return f"{words}; ln p {before.score:.3f} → {after.score:.3f}"

    @Slot(int)
    def show_page(self, page: int) -> None:
        """Map, Lines, Block, Neurons, Hidden or Lens, by index."""
        self.pages.show_page(page)

    def point(self, cursor: Cursor) -> None:
        """Another head or layer costs no forward; its inside is computed when the cursor rests, or at once where it is shown."""
        moved = (cursor.layer, cursor.head, cursor.site) != (
            self.cursor_at.layer,
            self.cursor_at.head,
            self.cursor_at.site,
        )
        super().point(cursor)
        if moved:
            self._rest.start(0 if self.pages.front is self.pages.block else REST_MS)

    # asking

    def _settle(self, trace: Trace) -> None:
        if self._asked_subject is not None:
            self.beside.keep(self._asked_subject, self.scene.changes, trace)
        misfits = trace.find(Misfits)
        self.widgets.changes.list.tell_misfits(dict(misfits.reasons) if misfits else {})
        super()._settle(trace)
        self._check()
        self._ask_more()

    def _answered(self) -> Subject | None:
        """The subject, when the main answer is its answer."""
        is_done = self._incoming is None and self.trace.tokens() is not None and self.isVisible()
        return self.subject if is_done and self.subject == self._asked_subject else None

    def _ask_more(self) -> None:
        """What the page in front needs beside the main answer."""
        subject, changes, pages = self._answered(), self.scene.changes, self.pages
        if subject is None:
            return
        self.beside.compare(subject, changes)
        if pages.front in {pages.lens, pages.stream, pages.positions}:
            self.beside.read_lens(subject, changes)
        tokens = self.trace.tokens()
        if tokens is not None and tokens.masks and not self.is_of_decoder:
            self.beside.predict(subject, changes)

    @Slot()
    def _check(self) -> None:
        """Look inside the layer that the cursor rests on."""
        subject = self._answered()
        if subject is not None:
            self.beside.look_inside(subject, self.scene.changes, self.cursor_at)

    def ask_again(self) -> None:
        self.beside.forget()
        super().ask_again()

    # answers

    def _show(self, trace: Trace) -> None:
        super()._show(trace)
        self._keep_inside(self.cursor_at)

    def _keep_inside(self, cursor: Cursor) -> None:
        """A cursor where this run has such a layer and head."""
        extent = self._extent()
        if extent is not None and (cursor.layer >= extent[0] or cursor.head >= extent[1]):
            layer, head = min(cursor.layer, extent[0] - 1), min(cursor.head, extent[1] - 1)
            super().point(replace(cursor, layer=layer, head=head))

    def _extent(self) -> tuple[int, int] | None:
        """Layers and heads of the site that is looked at."""
        report = self.scene.report
        if not self.is_of_decoder:
            return (report.layers, report.heads) if report else None
        own = [record for record in self.trace.every(Attention) if record.site is self.cursor_at.site]
        return (len(own), own[0].heads) if own else None

    # the widgets' signals

    def _connect(self) -> None:
        for view in self.views():
            view.pointed.connect(self.on_pointed)
        for panel in self.widgets.panels:
            panel.failed.connect(self.failed)
        self.beside.failed.connect(self.failed)
        self.beside.answered.connect(self._on_answered)
        self.widgets.changes.look_at(lambda: (self.trace, self.cursor_at))
        self.widgets.changes.edited.connect(self._on_edited)
        self.widgets.changes.failed.connect(self.failed)
        self.pages.turned.connect(self._on_turned)
        self.widgets.site.currentTextChanged.connect(self._on_site)
        self.widgets.subject.currentIndexChanged.connect(self._on_subject)

    @Slot()
    def _on_answered(self) -> None:
        self._draw()

    @Slot()
    def _on_turned(self) -> None:
        self._draw()
        self._check()
        self._ask_more()

    @Slot(object)
    def _on_edited(self, changes: tuple[InsideWish, ...]) -> None:
        self.wished.emit(replace(self.scene, changes=changes))

    @Slot()
    def _on_subject(self) -> None:
        """Another model, other layers: one begins with its encoder."""
        self.cursor_at = Cursor()
        self.widgets.site.setCurrentIndex(0)
        self.ask_again()

    @Slot(str)
    def _on_site(self, name: str) -> None:
        cursor = Cursor(self.cursor_at.layer, self.cursor_at.head, site=Site(name))
        self.cursor_at = cursor
        self._keep_inside(cursor)
        self._draw()
        self._check()

    def _add_keys(self) -> None:
        steps = {"Ctrl+Up": (-1, 0), "Ctrl+Down": (1, 0), "Ctrl+Left": (0, -1), "Ctrl+Right": (0, 1)}
        for keys, step in steps.items():
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.setProperty("step", step)
            shortcut.activated.connect(self._on_step)
        stack = self.widgets.changes.list.stack
        for keys, slot in (("Ctrl+Z", stack.undo), ("Ctrl+Shift+Z", stack.redo)):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        self.pages.add_keys(self)

    @Slot()
    def _on_step(self) -> None:
        layers, heads = self.sender().property("step")
        extent, cursor = self._extent(), self.cursor_at
        if extent is not None:
            layer = min(max(cursor.layer + layers, 0), extent[0] - 1)
            head = min(max(cursor.head + heads, 0), extent[1] - 1)
            self.point(replace(cursor, layer=layer, head=head))


def _how(checked: Checked | None) -> str:
    if checked is None:
        return ""
    return f"Checked: this head's weights, computed a second way ({checked.how}), differ by at most {checked.difference:.2e}."
