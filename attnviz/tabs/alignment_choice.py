"""Which attention of a Transformer the alignment shows: cross or self, which layer, which head or the mean of its heads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from attnviz.trace import Cursor, Decoding, Site
from attnviz.views.alignment_source import Reading, decoder_heads, decoder_layers
from attnviz.views.palette import GRID

if TYPE_CHECKING:
    from attnviz.trace import Trace

MEAN = "mean of heads"
_SITES = (Site.CROSS, Site.DECODER)


class AlignmentChoice(QWidget):
    """``chosen`` carries a Reading when a person chose another one. There is nothing to choose in a recurrent decoder."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offers = False
        self.sites = QButtonGroup(self)
        self.layer, self.head = QComboBox(self), QComboBox(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        tips = ("Where the words look in the source", "Where the words look among the words before them")
        for number, (name, tip) in enumerate(zip(("Cross", "Self"), tips, strict=True)):
            button = QPushButton(name, self)
            button.setCheckable(True)
            button.setChecked(number == 0)
            button.setToolTip(tip)
            button.setAccessibleName(f"{name}-attention")
            self.sites.addButton(button, number)
            row.addWidget(button)
        for box, name, tip in (
            (self.layer, "Layer of the alignment", "The decoder layer whose attention is shown"),
            (self.head, "Head of the alignment", "One head, or the mean of the layer's; a click on a head sets it too"),
        ):
            box.setAccessibleName(name)
            box.setToolTip(tip)
            box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            row.addWidget(box)
            box.activated.connect(self._say)
        row.addStretch(1)
        self.sites.idClicked.connect(self._say)
        self.hide()

    @property
    def reading(self) -> Reading:
        """What is chosen now."""
        head = self.head.currentIndex() - 1
        site = _SITES[max(self.sites.checkedId(), 0)]
        return Reading(site, max(self.layer.currentIndex(), 0), head if head >= 0 else None)

    def follow(self, trace: Trace, reading: Reading) -> None:
        """Offer what this run has, and show what is chosen as far as it has that."""
        decoding, layers, heads = trace.find(Decoding), decoder_layers(trace), decoder_heads(trace)
        self.offers = decoding is not None and not decoding.is_recurrent and layers > 0
        self.setVisible(self.offers)
        if not self.offers:
            return
        _fill(self.layer, tuple(f"layer {layer}" for layer in range(layers)))
        _fill(self.head, (MEAN, *(f"head {head}" for head in range(heads))))
        shown = reading.within(layers, heads)
        self.sites.button(_SITES.index(shown.site)).setChecked(True)
        self.layer.setCurrentIndex(shown.layer or 0)
        self.head.setCurrentIndex(0 if shown.head is None else shown.head + 1)

    @Slot()
    def _say(self) -> None:
        self.chosen.emit(self.reading)


def followed(reading: Reading, before: Cursor, after: Cursor) -> Reading:
    """What is shown when the cursor has moved: the head that was chosen, if one was."""
    moved = (before.site, before.layer, before.head) != (after.site, after.layer, after.head)
    return Reading(after.site, after.layer, after.head) if moved and after.site in _SITES else reading


def looking(cursor: Cursor, reading: Reading) -> Cursor:
    """The cursor at the head that is read; at none where a mean is."""
    if reading.layer is None or reading.head is None:
        return replace(cursor, site=Site.ENCODER)
    return replace(cursor, site=reading.site, layer=reading.layer, head=reading.head)


def _fill(box: QComboBox, names: tuple[str, ...]) -> None:
    if tuple(box.itemText(place) for place in range(box.count())) != names:
        box.clear()
        box.addItems(names)
