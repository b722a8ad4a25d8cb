"""The controls of the decoding tab: the source, one model or two, and how the words are chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from attnviz.errors import printable
from attnviz.models.reference import Reference
from attnviz.tabs.decoding_models import is_sample, name_of, offered, same_task, samples
from attnviz.tabs.decoding_wish import Way, Wish
from attnviz.text.clean import clean
from attnviz.views.palette import GRID, SMALL, token_font, ui_font

if TYPE_CHECKING:
    from attnviz.tabs.scene import Scene

PAUSE_MS = 60
LONGEST = 5000
MOST_SEED = 99_999


class DecodingControls(QWidget):
    """``wished`` carries a Wish without what-ifs whenever something was changed; ``report_wished`` asks for the load report."""

    wished = Signal(object)
    report_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source, self.prefix, self.target = QLineEdit(self), QLineEdit(self), QLineEdit(self)
        self.model, self.versus, self.way = QComboBox(self), QComboBox(self), QComboBox(self)
        self.width_box, self.seed = QSpinBox(self), QSpinBox(self)
        self.penalty, self.temperature = QDoubleSpinBox(self), QDoubleSpinBox(self)
        self.examples, self.report = QToolButton(self), QToolButton(self)
        self._opened: tuple[str, ...] = ()
        self._device = "auto"
        self._quiet = False
        self._said: Wish | None = None
        self._typing = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._typing.timeout.connect(self.say)
        self._labels: dict[QWidget, QLabel] = {}
        self._build()
        self._offer()

    @property
    def wish(self) -> Wish:
        """What is wished now, without what-ifs."""
        path, other = self.model.currentData(), self.versus.currentData()
        return Wish(
            source=clean(self.source.text()).text,
            reference=Reference(path, self._device) if path else None,
            versus=Reference(other, self._device) if other else None,
            way=Way(self.way.currentText()),
            width=self.width_box.value(),
            penalty=round(self.penalty.value(), 2),
            temperature=round(self.temperature.value(), 2),
            seed=self.seed.value(),
            prefix=clean(self.prefix.text()).text,
            target=clean(self.target.text()).text,
        )

    def follow(self, scene: Scene) -> None:
        """Another device, or an encoder–decoder that was opened: it becomes the model."""
        device = scene.reference.device if scene.reference is not None else self._device
        opened = tuple(reference.path for reference in scene.decoders)
        if (device, opened) == (self._device, self._opened):
            return
        newest = opened[0] if opened and opened[:1] != self._opened[:1] else None
        self._device, self._opened = device, opened
        self._offer()
        if newest is not None:
            self.choose(newest)
        self.say()

    def choose(self, path: str) -> None:
        """Take the model of that folder, and a source that it can read when the old one was a sample."""
        place = self.model.findData(path)
        if place >= 0:
            self.model.setCurrentIndex(place)

    @Slot()
    def say(self) -> None:
        """Emit the wish, unless it is the last one."""
        if not self._quiet and self.wish != self._said:
            self._said = self.wish
            self.wished.emit(self.wish)

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self._build_models(row)
        self._build_ways(row)
        self.source.textEdited.connect(self._on_typed)
        self.source.returnPressed.connect(self.say)
        for box in (self.prefix, self.target):  # a half-written answer is none
            box.editingFinished.connect(self.say)
        for choice in (self.versus, self.way):
            choice.currentIndexChanged.connect(self._on_chosen)
        self.model.currentIndexChanged.connect(self._on_model)
        for number in (self.width_box, self.seed, self.penalty, self.temperature):
            number.valueChanged.connect(self.say)
        self._show_way()

    def _build_models(self, row: QHBoxLayout) -> None:
        self.source.setFont(token_font(14))
        self.source.setMaxLength(LONGEST)
        self.source.setPlaceholderText("Type what the model is to read, such as a word to spell")
        self.source.setToolTip("The source that the encoder reads (Ctrl+L is the sentence of the other tabs)")
        self.source.setMinimumWidth(10 * GRID)
        self.examples.setText("e.g.")
        self.examples.setAccessibleName("Examples")
        self.examples.setToolTip("Sources that this model can read")
        self.examples.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.examples.setMenu(QMenu(self.examples))
        self.report.setText("i")
        self.report.setAccessibleName("Load report")
        self.report.setToolTip("How this model was read: tensors, sizes, probe")
        self.report.clicked.connect(self.report_wished)
        self.model.setToolTip("The encoder–decoder that writes; File → Open folder (Ctrl+O) adds your own")
        self.versus.setToolTip("A second model on the same source, beside the first")
        self._add(row, "source", self.source, 1)
        row.addWidget(self.examples)
        self._add(row, "model", self.model)
        self._add(row, "vs", self.versus)
        row.addWidget(self.report)

    def _build_ways(self, row: QHBoxLayout) -> None:
        self.way.addItems([str(way) for way in Way])
        self.way.setToolTip("How each word is chosen")
        self.width_box.setRange(1, 10)
        self.width_box.setValue(4)
        self.width_box.setToolTip("How many branches are kept at each step")
        self.penalty.setRange(0, 5)
        self.penalty.setSingleStep(0.1)
        self.penalty.setToolTip("Scores are divided by ((5 + length) / 6) to this power; 0 compares plain sums")
        self.temperature.setRange(0.05, 10)
        self.temperature.setSingleStep(0.1)
        self.temperature.setValue(1.0)
        self.temperature.setToolTip("Logits are divided by it before the softmax; low is bold, high is wild")
        self.seed.setRange(0, MOST_SEED)
        self.seed.setValue(1)
        self.seed.setToolTip("The same seed draws the same words")
        self.target.setPlaceholderText("the answer to follow, such as N AE SH AH N")
        self.target.setToolTip("Teacher forcing: these words are fed in, and the loss of each is shown")
        self.prefix.setPlaceholderText("free")
        self.prefix.setToolTip("What the answer must begin with")
        self._add(row, "words", self.way)
        self._add(row, "beam", self.width_box)
        self._add(row, "penalty", self.penalty)
        self._add(row, "temperature", self.temperature)
        self._add(row, "seed", self.seed)
        self._add(row, "reference", self.target)
        self._add(row, "begins with", self.prefix)
        widths = {
            self.prefix: 10,
            self.target: 26,
            self.width_box: 7,
            self.penalty: 8,
            self.temperature: 8,
            self.seed: 8,
        }
        for box, width in widths.items():
            box.setFixedWidth(width * GRID)
        for choice in (self.model, self.versus, self.way):
            choice.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)

    def _add(self, row: QHBoxLayout, text: str, widget: QWidget, stretch: int = 0) -> None:
        label = QLabel(text, self)
        label.setFont(ui_font(SMALL))
        label.setObjectName("muted")
        label.setBuddy(widget)
        widget.setAccessibleName(text)
        self._labels[widget] = label
        row.addWidget(label)
        row.addWidget(widget, stretch)

    def _offer(self) -> None:
        """Fill the pickers; what was chosen stays chosen."""
        self._quiet = True
        paths = offered(self._opened)
        for box, extra in ((self.model, ()), (self.versus, ("",))):
            kept = box.currentData()
            box.clear()
            for path in (*extra, *paths):
                box.addItem(printable(name_of(path), 40) if path else "nothing", path)
            box.setCurrentIndex(max(0, box.findData(kept)))
        self._offer_samples()
        if not self.source.text():
            self._put_sample()
        self._quiet = False

    def _offer_samples(self) -> None:
        menu = self.examples.menu()
        menu.clear()
        found = samples(self.model.currentData() or "")
        for text in found:
            action = menu.addAction(text.replace("&", "&&"))
            action.setData(text)
            action.triggered.connect(self._on_sample)
        self.examples.setEnabled(bool(found))

    def _put_sample(self) -> None:
        found = samples(self.model.currentData() or "")
        if found:
            self.source.setText(found[0])

    def _show_way(self) -> None:
        way = Way(self.way.currentText())
        shown = {
            self.width_box: way is Way.BEAM,
            self.penalty: way is Way.BEAM,
            self.temperature: way is Way.SAMPLED,
            self.seed: way is Way.SAMPLED,
            self.target: way is Way.FOLLOW,
            self.prefix: way is not Way.FOLLOW,
        }
        for widget, is_shown in shown.items():
            widget.setVisible(is_shown)
            self._labels[widget].setVisible(is_shown)

    def draw_again(self) -> None:
        """Another seed."""
        self.seed.setValue((self.seed.value() + 1) % MOST_SEED)

    @Slot()
    def _on_typed(self) -> None:
        self._typing.start()

    @Slot()
    def _on_chosen(self) -> None:
        self._show_way()
        self.say()

    @Slot()
    def _on_model(self) -> None:
        if self._quiet:
            return
        path = self.model.currentData() or ""
        self._offer_samples()
        if (not self.source.text() or is_sample(self.source.text())) and self.source.text() not in samples(path):
            self._put_sample()
        other = self.versus.currentData()
        if other and not same_task(path, other):
            self._quiet = True
            self.versus.setCurrentIndex(0)
            self._quiet = False
        self.say()

    @Slot()
    def _on_sample(self) -> None:
        self.source.setText(self.sender().data())  # type: ignore[attr-defined] # the sender is a QAction
        self.say()

    def put(self, wish: Wish) -> None:
        """Set the controls to a wish, as when a test or a screenshot wants one."""
        self._quiet = True
        self.source.setText(wish.source)
        self.choose(wish.reference.path if wish.reference else "")
        self.versus.setCurrentIndex(max(0, self.versus.findData(wish.versus.path if wish.versus else "")))
        self.way.setCurrentText(str(wish.way))
        self.width_box.setValue(wish.width)
        self.penalty.setValue(wish.penalty)
        self.temperature.setValue(wish.temperature)
        self.seed.setValue(wish.seed)
        self.prefix.setText(wish.prefix)
        self.target.setText(wish.target)
        self._quiet = False
        self._show_way()
        self._offer_samples()
        self._said = replace(wish, edits=(), path=None)

    def focus_source(self) -> None:
        self.source.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.source.selectAll()
