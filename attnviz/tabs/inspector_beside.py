"""What the inspector asks beside its main answer: the inside of a layer, the lens, the run without what-ifs, the changed prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from attnviz.jobs.changed import EarlierLook
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.look_inside import LookInside
from attnviz.jobs.read_lens import ReadLens
from attnviz.tabs.asking import Asking
from attnviz.trace import Block, BlockWeights, Lens, Positions, Stream, Trace

if TYPE_CHECKING:
    from collections.abc import Hashable

    from attnviz.edits import InsideWish
    from attnviz.engine import Engine
    from attnviz.jobs import Job
    from attnviz.models.reference import Reference
    from attnviz.tabs.scene import Scene
    from attnviz.trace import Cursor, Span


@dataclass(frozen=True, slots=True)
class Subject:
    """What is inspected: a sentence and a BERT, or the source of an encoder–decoder that writes its answer."""

    reference: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()

    @staticmethod
    def of(scene: Scene, *, decoded: bool) -> Subject | None:
        """The subject of a scene; None while there is none."""
        if decoded and scene.writer is not None:
            return Subject(scene.writer, scene.source)
        return None if scene.reference is None else Subject(scene.reference, scene.text, scene.pair, scene.masked)

    @property
    def asked(self) -> tuple[Reference, str, str | None, tuple[Span, ...]]:
        return self.reference, self.text, self.pair, self.masked


class Beside(QObject):
    """``answered`` says that there is more to draw, ``failed`` carries an error. Nothing that was just asked is asked again."""

    answered = Signal()
    failed = Signal(object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.inside, self.lens, self.before, self.shift = (Asking(engine, self) for _ in range(4))
        for asking in self.askings:
            asking.failed.connect(self.failed)
            asking.answered.connect(self._on_answered)
        self._keys: dict[Asking, Hashable] = {}
        self._main: tuple[Subject | None, Trace] = (None, Trace())
        self._plain: tuple[Subject | None, Trace] = (None, Trace())
        self._joined: dict[Asking, tuple[Trace, Trace, Trace]] = {}

    @property
    def askings(self) -> tuple[Asking, ...]:
        return self.inside, self.lens, self.before, self.shift

    def keep(self, subject: Subject, changes: tuple[InsideWish, ...], trace: Trace) -> None:
        """The main answer to a subject."""
        self._main = subject, trace
        if not changes:
            self._plain = subject, trace

    def forget(self) -> None:
        """Let everything be asked again."""
        self._keys.clear()

    def earlier(self, subject: Subject) -> EarlierLook | None:
        """What a new run of the same model may go on from."""
        asked, trace = self._main
        return None if asked is None or asked.reference != subject.reference else EarlierLook.of(asked.reference, trace)

    def unchanged(self, subject: Subject | None) -> Trace:
        """The run without what-ifs."""
        if self._plain[0] == subject:
            return self._plain[1]
        return self.before.trace if self._keys.get(self.before) == subject else Trace()

    def look_inside(self, subject: Subject, changes: tuple[InsideWish, ...], cursor: Cursor) -> None:
        """The inside of the layer that is looked at, and a second opinion on the head's weights."""
        place = cursor.layer, cursor.head, cursor.site
        look = LookInside(*subject.asked, *place, changes, self.earlier(subject), skips_misfits=True)
        self._put(self.inside, (subject, changes, place), look)

    def read_lens(self, subject: Subject, changes: tuple[InsideWish, ...]) -> None:
        """What the model's own head reads from every layer, the streams and the positions."""
        job = ReadLens(*subject.asked, edits=changes, earlier=self.earlier(subject), skips_misfits=True)
        self._put(self.lens, (subject, changes), job)

    def compare(self, subject: Subject, changes: tuple[InsideWish, ...]) -> None:
        """The run without what-ifs, unless it is known."""
        if changes and self._plain[0] != subject:
            self._put(self.before, subject, Inspect(*subject.asked))

    def predict(self, subject: Subject, changes: tuple[InsideWish, ...]) -> None:
        """The masked words before and after."""
        if changes:
            from attnviz.jobs.fill_mask_changed import FillMaskChanged  # noqa: PLC0415 - imports tokenizers, which no start waits for

            job = FillMaskChanged(*subject.asked, changes=changes, earlier=self.earlier(subject), skips_misfits=True)
            self._put(self.shift, (subject, changes), job)

    def joined(self, trace: Trace, asking: Asking) -> Trace:
        """A run with an answer beside it; the same object as long as both are the same."""
        kept = self._joined.get(asking)
        if kept is None or kept[0] is not trace or kept[1] is not asking.trace:
            kinds = (Block, BlockWeights, Lens, Stream, Positions)
            extra = [record for kind in kinds for record in asking.trace.every(kind)]
            kept = self._joined[asking] = (trace, asking.trace, trace.plus(*extra))
        return kept[2]

    def _put(self, asking: Asking, key: Hashable, job: Job) -> None:
        if self._keys.get(asking) != key:
            self._keys[asking] = key
            asking.ask(job)

    @Slot()
    def _on_answered(self) -> None:
        self.answered.emit()
