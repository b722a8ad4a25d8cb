"""The pictures of experiments: tables of any columns, matrices at moments, and figures that name their settings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.table import Table
from attnviz.trace import Asked, Axis, Cursor, Matrix, Plot, Rows, Series, Trace, frozen, measured
from attnviz.views.axis_scale import scale_of
from attnviz.views.figure import Figure, FigurePanel
from attnviz.views.line_plot import LinePlot
from attnviz.views.matrix_map import MatrixMap
from attnviz.views.rows_view import RowsView
from tests.views.sentences import HOSTILE, svg_text
from tests.views.traces import shown

ROOM = (520, 360)
ASKED = Asked(
    "squares", "Squares", "How large?", "n²", (("steps", "3"), ("seed", "7")), "attnviz experiment squares --steps 3"
)


def matrix(moment: int, *rows: tuple[float, ...], signed: bool = False) -> Matrix:
    values = frozen(np.array(rows))
    down, across = (
        tuple(f"{axis}{place}" for place in range(count)) for axis, count in zip("rc", values.shape, strict=True)
    )
    return Matrix("map", values, down, across, ("rows", "columns"), "u", signed, moment, "step")


def rows(*lines: tuple[object, ...]) -> Rows:
    return Rows("table", Table(("name", "n", "share"), lines))  # type: ignore[arg-type] # cells of any kind


def test_a_table_shows_its_cells(qtbot: QtBot) -> None:
    """Words as they are, numbers in four digits and at the right, nothing for an empty cell."""
    view = shown(
        qtbot, RowsView("table", "wait"), Trace().plus(rows(("one", 12_345, 0.123456), ("two", None, None))), size=ROOM
    )
    model = view.table.model()
    cells = [[model.index(row, column).data() for column in range(3)] for row in range(2)]
    assert cells == [["one", "12,345", "0.1235"], ["two", "", ""]]
    sides = [model.index(0, column).data(Qt.ItemDataRole.TextAlignmentRole) for column in range(3)]
    assert [bool(side & int(Qt.AlignmentFlag.AlignRight)) for side in sides] == [False, True, True]
    assert view.numbers().rows[0] == ("one", 12_345, 0.123456)


def test_a_table_of_other_columns_takes_its_place(qtbot: QtBot) -> None:
    """More columns and more rows, or none at all: the sentence."""
    view = shown(qtbot, RowsView("table", "wait"), Trace().plus(rows(("one", 1, 2.0))), size=ROOM)
    few = view.sizeHint().height()
    wide = Rows("table", Table(("a", "b", "c", "d"), tuple((place,) * 4 for place in range(30))))
    view.draw(Trace().plus(wide), Cursor())
    assert view.table.model().columnCount() == 4
    assert view.table.model().rowCount() == 30
    assert view.sizeHint().height() > few
    view.draw(Trace().plus(rows()), Cursor())
    assert not view.table.isVisible()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_is_never_interpreted(qtbot: QtBot, text: str) -> None:
    """Whatever a word is, it is shown as it is; what can't be shown is escaped."""
    view = shown(qtbot, RowsView("table", "wait"), Trace().plus(rows((text, 1, 1.0))), size=ROOM)
    view.grab()
    cell = view.table.model().index(0, 0).data()
    assert cell == (text if text.isprintable() else text.encode("unicode_escape", "surrogatepass").decode())
    assert view.numbers().rows[0][0] == text


def test_a_matrix_is_its_numbers(qtbot: QtBot) -> None:
    """A row of the table for each of its own; the value under the mouse with both names."""
    view = shown(qtbot, MatrixMap("map", "wait"), Trace().plus(matrix(0, (1, 2, 3), (4, 5, 6))), size=ROOM)
    table = view.numbers()
    assert table.columns == ("rows", "c0·0", "c1·1", "c2·2")
    assert [row[1:] for row in table.rows] == [(1, 2, 3), (4, 5, 6)]
    assert view._readout(view.picture, (1, 0)) == "r1 → c0   u 4"
    assert view.picture.codes.tolist()[1][2] == 255


def test_moments_share_one_scale_and_one_is_shown(qtbot: QtBot) -> None:
    """The newest, or the one that is asked for; the same number has the same colour at every moment."""
    trace = Trace().plus(matrix(10, (0, 4)), matrix(0, (0, 1)), matrix(5, (0, 2)))
    view = shown(qtbot, MatrixMap("map", "wait"), trace, size=ROOM)
    assert [each.moment for each in view.matrices] == [0, 5, 10]
    assert view.matrix.moment == 10
    assert view.picture.caption == "step 10"
    view.moment = 5
    assert view.picture.codes.tolist() == [[0, 128]]
    view.moment = 99
    assert view.matrix.moment == 10


def test_a_signed_matrix_has_nothing_in_the_middle(qtbot: QtBot) -> None:
    """Below and above zero are told apart around the middle of the colours."""
    view = shown(qtbot, MatrixMap("map", "wait"), Trace().plus(matrix(0, (-2, 0, 2), signed=True)), size=ROOM)
    assert view.picture.codes.tolist() == [[0, 128, 255]]


@pytest.mark.parametrize(
    "trace", [Trace(), Trace().plus(Matrix("map", frozen(np.zeros((0, 0))), (), (), ("r", "c"), "u"))]
)
def test_without_numbers_there_is_a_sentence(qtbot: QtBot, trace: Trace) -> None:
    """Nothing arrived, or an empty matrix."""
    view = shown(qtbot, MatrixMap("map", "wait for it"), trace, size=ROOM)
    assert "wait for it" in svg_text(view)
    assert view.numbers() == Table((), ())


def test_a_matrix_that_is_named_wrongly_is_refused() -> None:
    """As many names as rows and columns."""
    with pytest.raises(ValueError, match="named 1 × 3"):
        Matrix("map", frozen(np.zeros((2, 3))), ("r",), ("a", "b", "c"), ("r", "c"), "u")


def figure(qtbot: QtBot, *more: Asked) -> FigurePanel:
    series = Series("square", measured([1, 2]), measured([1, 4]))
    panel = FigurePanel("Squares", Figure(LinePlot("squares", "wait")))
    qtbot.addWidget(panel)
    panel.resize(*ROOM)
    panel.show()
    panel.figure.draw(Trace().plus(*more, Plot("squares", Axis("n"), Axis("n²"), (series,))), Cursor())
    return panel


def test_every_row_of_a_figure_ends_with_its_settings(qtbot: QtBot) -> None:
    """The numbers of the picture, then the experiment and what it was asked; without that, the numbers alone."""
    table = figure(qtbot, ASKED).figure.numbers()
    assert table.columns[-3:] == ("experiment", "steps", "seed")
    assert [row[-3:] for row in table.rows] == [("squares", "3", "7")] * 2
    assert figure(qtbot).figure.numbers().columns[-1] == "high"


def test_a_saved_figure_has_its_command_under_it(qtbot: QtBot, tmp_path: Path) -> None:
    """Only in the file: on the screen the picture stands alone, before and after."""
    panel = figure(qtbot, ASKED)
    before = panel.figure.grab().toImage()
    panel.save_picture(str(tmp_path / "x.svg"))
    assert "attnviz experiment squares --steps 3" in (tmp_path / "x.svg").read_text(encoding="utf-8")
    assert "attnviz experiment" not in svg_text(panel.figure)
    assert panel.figure.grab().toImage() == before


def test_pointing_into_a_figure_points_out_of_it(qtbot: QtBot) -> None:
    """What its picture says, the figure says."""
    panel = figure(qtbot, ASKED)
    inner = panel.figure.inner
    place = inner.field(inner.plot).point(inner.plot.series[0], 1).toPoint()
    said: list[Cursor] = []
    panel.figure.pointed.connect(said.append)
    qtbot.mouseMove(inner, QPoint(2, 2))
    qtbot.mouseMove(inner, place)
    qtbot.waitUntil(lambda: bool(said) and said[-1].place == 2)


def test_between_whole_numbers_there_are_no_ticks() -> None:
    """Four layers are five ticks, however wide the axis is; without that halves are marked."""
    places = [measured([0, 1, 2, 3, 4])]
    whole = scale_of(Axis("layers", whole=True), places, logarithmic=False, padded=False)
    assert [value for value, _ in whole.ticks(30)] == [0, 1, 2, 3, 4]
    assert 0.5 in [value for value, _ in scale_of(Axis("x"), places, logarithmic=False, padded=False).ticks(10)]
