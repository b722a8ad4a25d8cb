"""The controls of masking: how much, how treated, what unit, static or dynamic, and the seed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QSpinBox, QWidget

from attnviz.tabs.page import Frame
from attnviz.tabs.split_sliders import NAME_WIDTH, WHOLE, SplitSliders, slider_row
from attnviz.trace import Masking, Unit
from attnviz.views.palette import GRID

MOST_SEED = 99_999
MOST_EPOCH = 999
UNITS = {Unit.TOKEN: "single tokens", Unit.WORD: "whole words", Unit.SPAN: "spans of words"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A published way of masking."""

    name: str
    tip: str
    unit: Unit
    dynamic: bool
    rate: int = 15
    split: tuple[int, int, int] = (80, 10, 10)


RECIPES = (
    Recipe("BERT", "Devlin et al. 2019: masks made once, with the data", Unit.TOKEN, dynamic=False),
    Recipe("BERT, whole words", "Google's later BERT: the pieces of a word together", Unit.WORD, dynamic=False),
    Recipe("RoBERTa", "Liu et al. 2019: new masks whenever a text is seen", Unit.TOKEN, dynamic=True),
    Recipe("SpanBERT", "Joshi et al. 2020: runs of words, 3.8 on average", Unit.SPAN, dynamic=True),
)
OWN = "your own"
EPOCH_TIP = "Which time the text is seen; dynamic masks differ in each"
STILL_TIP = "Static masks are the same in every epoch: choose dynamic ones to step through epochs"


class MaskingControls(Frame):
    """``changed`` follows every change of the user; the values are read from the properties."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Masking", parent)
        self.recipe, self.unit, self.times = QComboBox(self), QComboBox(self), QComboBox(self)
        self.rate, self.epoch, self.seed = QSlider(Qt.Orientation.Horizontal, self), QSpinBox(self), QSpinBox(self)
        self.split = SplitSliders(self)
        self.reroll = QPushButton("Re-roll", self)
        self._rate_number = QLabel(self)
        self._build()
        self._connect()
        self.take(RECIPES[0])

    @property
    def masking(self) -> Masking:
        masked, random, kept = (share / WHOLE for share in self.split.split)
        return Masking(self.rate.value() / WHOLE, (masked, random, kept), Unit(self.unit.currentData()))

    @property
    def dynamic(self) -> bool:
        return bool(self.times.currentIndex())

    @property
    def drawn_epoch(self) -> int:
        """The epoch whose masks are shown: static ones are those of the first for ever."""
        return self.epoch.value() - 1 if self.dynamic else 0

    def take(self, recipe: Recipe) -> None:
        """Set everything as a recipe says."""
        self.blockSignals(True)
        self.rate.setValue(recipe.rate)
        self.split.split = recipe.split
        self.unit.setCurrentIndex(list(UNITS).index(recipe.unit))
        self.times.setCurrentIndex(int(recipe.dynamic))
        self.blockSignals(False)
        self._follow()

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        self.recipe.addItems([*(recipe.name for recipe in RECIPES), OWN])
        for place, recipe in enumerate(RECIPES):
            self.recipe.setItemData(place, recipe.tip, Qt.ItemDataRole.ToolTipRole)
        self._row(grid, 0, "as in", self.recipe, "A published way of masking; any change below makes it your own")
        rate = QGridLayout()
        rate.setHorizontalSpacing(GRID)
        tip = "Share of the tokens that is chosen to be predicted"
        slider_row(rate, 0, QLabel("rate", self), self.rate, self._rate_number, tip)
        grid.addLayout(rate, 1, 0, 1, 2)
        grid.addWidget(self.split, 2, 0, 1, 2)
        for unit, name in UNITS.items():
            self.unit.addItem(name, unit)
        self._row(grid, 3, "unit", self.unit, "What is chosen as one: a token, all pieces of a word, or a run of words")
        self.times.addItems(["static: one mask", "dynamic: a new one"])
        self._row(grid, 4, "each epoch", self.times, "Whether every epoch sees the same masks, or masks of its own")
        self.epoch.setRange(1, MOST_EPOCH)
        self._row(grid, 5, "epoch", self.epoch, EPOCH_TIP)
        self.seed.setRange(0, MOST_SEED)
        seeds = QWidget(self)
        row = QHBoxLayout(seeds)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.seed, 1)
        row.addWidget(self.reroll)
        self._row(grid, 6, "seed", seeds, "Same seed, same masks")
        self.reroll.setToolTip("Draw with another seed (Ctrl+R)")
        grid.setColumnMinimumWidth(0, NAME_WIDTH)
        grid.setColumnStretch(1, 1)
        self.column.addLayout(grid)

    def _row(self, grid: QGridLayout, row: int, name: str, control: QWidget, tip: str) -> None:
        label = QLabel(name, self)
        label.setBuddy(control)
        for widget in (label, control):
            widget.setToolTip(tip)
        control.setAccessibleName(name)
        grid.addWidget(label, row, 0)
        grid.addWidget(control, row, 1)

    def _connect(self) -> None:
        self.recipe.activated.connect(self._on_recipe)
        self.rate.valueChanged.connect(self._on_changed)
        self.split.changed.connect(self._on_changed)
        self.unit.currentIndexChanged.connect(self._on_changed)
        self.times.currentIndexChanged.connect(self._on_changed)
        self.epoch.valueChanged.connect(self._on_changed)
        self.seed.valueChanged.connect(self._on_changed)
        self.reroll.clicked.connect(self._on_reroll)
        keys = QShortcut(QKeySequence("Ctrl+R"), self)
        keys.activated.connect(self._on_reroll)

    def _follow(self) -> None:
        """Bring what is said in line with what is set."""
        self._rate_number.setText(f"{self.rate.value()} %")
        self.epoch.setEnabled(self.dynamic)
        self.epoch.setToolTip(EPOCH_TIP if self.dynamic else STILL_TIP)
        set_now = (self.rate.value(), self.split.split, self.unit.currentData(), self.dynamic)
        recipes = [(recipe.rate, recipe.split, recipe.unit, recipe.dynamic) for recipe in RECIPES]
        self.recipe.setCurrentIndex(recipes.index(set_now) if set_now in recipes else len(recipes))

    @Slot()
    def _on_changed(self) -> None:
        self._follow()
        self.changed.emit()

    @Slot(int)
    def _on_recipe(self, place: int) -> None:
        if place < len(RECIPES):
            self.take(RECIPES[place])
        self._on_changed()

    @Slot()
    def _on_reroll(self) -> None:
        other = secrets.randbelow(MOST_SEED)
        self.seed.setValue(other + (other >= self.seed.value()))
