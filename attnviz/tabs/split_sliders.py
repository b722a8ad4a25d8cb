"""Three sliders whose percentages always add up to 100."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from attnviz.trace import Treatment
from attnviz.views.palette import GRID
from attnviz.views.treatment_ink import NAMES, SAYS

Split = tuple[int, int, int]
WHOLE = 100
LEAST = 1e-4
NAME_WIDTH = 10 * GRID


class SplitSliders(QWidget):
    """Moving one takes from the other two, or gives to them, in proportion; ``changed`` follows each move of the user."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares = (80.0, 10.0, 10.0)
        self.sliders = tuple(QSlider(Qt.Orientation.Horizontal, self) for _ in Treatment)
        self._numbers = tuple(QLabel(self) for _ in Treatment)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        for row, treatment in enumerate(Treatment):
            slider, tip = self.sliders[row], f"Share of the chosen tokens that is {SAYS[treatment]}"
            slider_row(grid, row, QLabel(NAMES[treatment], self), slider, self._numbers[row], tip)
            slider.valueChanged.connect(self._on_moved)
        self.split = (80, 10, 10)

    @property
    def split(self) -> Split:
        """The three percentages."""
        first, second, third = (slider.value() for slider in self.sliders)
        return first, second, third

    @split.setter
    def split(self, split: Split) -> None:
        first, second, third = map(float, split)
        self._show((first, second, third))

    @Slot(int)
    def _on_moved(self, value: int) -> None:
        moved = next((place for place, slider in enumerate(self.sliders) if slider is self.sender()), None)
        if moved is not None:
            self._show(rebalanced(self._shares, moved, value))
            self.changed.emit()

    def _show(self, shares: tuple[float, float, float]) -> None:
        self._shares = shares
        for slider, number, value in zip(self.sliders, self._numbers, rounded(shares), strict=True):
            slider.blockSignals(True)
            slider.setValue(value)
            slider.blockSignals(False)
            number.setText(f"{value} %")


def slider_row(grid: QGridLayout, row: int, name: QLabel, slider: QSlider, number: QLabel, tip: str) -> None:
    """A name, a slider from 0 to 100 and its number, side by side."""
    slider.setRange(0, WHOLE)
    slider.setPageStep(5)
    slider.setToolTip(tip)
    slider.setAccessibleName(name.text())
    name.setToolTip(tip)
    name.setBuddy(slider)
    number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    number.setMinimumWidth(5 * GRID)
    grid.setColumnMinimumWidth(0, NAME_WIDTH)
    grid.addWidget(name, row, 0)
    grid.addWidget(slider, row, 1)
    grid.addWidget(number, row, 2)


def rebalanced(shares: tuple[float, float, float], moved: int, value: float) -> tuple[float, float, float]:
    """One share set to ``value``: the other two fill the rest as they stood to each other, equally where both were 0.

    Shares that are pushed to nothing keep a trace, so that the way back leads to where they came from.
    """
    others = [place for place in range(len(shares)) if place != moved]
    total = sum(max(shares[place], LEAST**2) for place in others)
    rest = max(WHOLE - value, LEAST)
    first, second, third = (
        value if place == moved else max(share, LEAST**2) / total * rest for place, share in enumerate(shares)
    )
    return first, second, third


def rounded(shares: tuple[float, float, float]) -> Split:
    """Whole percentages that add up to 100: what was cut off is given to the largest remainders."""
    total = sum(shares)
    exact = [share * WHOLE / total for share in shares]
    whole = [int(share + 1e-9) for share in exact]
    by_remainder = sorted(range(len(whole)), key=lambda place: whole[place] - exact[place])
    for place in by_remainder[: WHOLE - sum(whole)]:
        whole[place] += 1
    first, second, third = whole
    return first, second, third
