"""Positions: the record's own table, numpy's dot products of it, and a sum that is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Positions, Site, Trace, frozen
from attnviz.views.map_view import MapView
from attnviz.views.panel import Panel
from attnviz.views.position_maps import EXTENTS
from attnviz.views.positions_view import PositionsView
from tests.views.lenses import positions_of, seen_through
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import WORDS, press, shown, tokens_of, words

ROOM = (560, 620)


def cell(view: MapView, row: int, column: int) -> QPoint:
    frame = view.frame()
    assert frame is not None
    return frame.cell_area(row, column).center().toPoint()


def record_of(trace: Trace) -> Positions:
    found = trace.find(Positions, Site.ENCODER)
    assert found is not None
    return found


def placed_at(kind: str, start: int = 0, count: int = 9) -> Trace:
    """A run whose tokens begin at row ``start`` of the table."""
    record = positions_of(count, kind)
    position = record.table[start : start + count]
    parts = {**record.parts, "position": position}
    return Trace().plus(tokens_of(words(count)), replace(record, parts=parts, total=frozen(sum(parts.values()))))


def test_the_maps_are_the_table_and_its_products(qtbot: QtBot) -> None:
    """Every row of the encoding, and every pair of them."""
    trace = seen_through()
    view = shown(qtbot, PositionsView(), trace, Cursor(), ROOM)
    table = record_of(trace).table.astype(np.float64)
    assert view.encoding.picture is not None
    assert view.likeness.picture is not None
    assert np.array_equal(view.encoding.picture.values, record_of(trace).table)
    assert np.allclose(view.likeness.picture.values, table @ table.T, atol=1e-4)
    view.relation = "cosines"
    lengths = np.sqrt((table**2).sum(1))
    assert view.likeness.picture is not None
    assert np.allclose(view.likeness.picture.values, table @ table.T / np.outer(lengths, lengths), atol=1e-5)
    assert (view.likeness.picture.codes.diagonal() == 255).all()


@pytest.mark.parametrize("kind", ["learned", "sinusoidal"])
def test_it_says_how_the_encoding_was_made(qtbot: QtBot, kind: str) -> None:
    """Learned or sinusoidal, with its size."""
    view = shown(qtbot, PositionsView(), placed_at(kind), Cursor(), ROOM)
    assert f"{kind} encoding, clipped at 99.5 % · 32 × 24" in svg_text(view)


def test_only_the_texts_positions_if_asked(qtbot: QtBot) -> None:
    """Both maps are cut to the rows that tokens take, wherever in the table they begin."""
    trace = placed_at("learned", start=2)
    view = PositionsView()
    view.extent = EXTENTS[1]
    shown(qtbot, view, trace, Cursor(query=3), ROOM)
    assert view.encoding.picture is not None
    assert view.likeness.picture is not None
    assert view.encoding.picture.rows == view.likeness.picture.rows == tuple(range(2, 11))
    assert view.encoding.picture.row_labels[3] == "5 of"
    assert view.encoding._marked()[0] == 3
    assert np.array_equal(view.encoding.picture.values, record_of(trace).table[2:11])


def test_the_strips_are_parts_of_a_sum(qtbot: QtBot) -> None:
    """Word and position and segment add up to the total, with numpy's norms beside them."""
    trace = seen_through()
    view = shown(qtbot, PositionsView(), trace, Cursor(query=4), ROOM)
    table = view.numbers()
    assert table.columns == ("dimension", "word", "position", "segment", "total")
    parts = np.array([row[1:] for row in table.rows], dtype=np.float64)
    assert np.allclose(parts[:, :3].sum(1), parts[:, 3], atol=1e-5)
    drawn = svg_text(view)
    assert all(f"norm {norm:.2f}" in drawn for norm in np.sqrt((parts**2).sum(0)))
    assert "first vector of france (4)" in drawn


def test_a_row_points_at_its_token_and_no_further(qtbot: QtBot) -> None:
    """Positions that no token takes are read without pointing anywhere."""
    view = shown(qtbot, PositionsView(), seen_through(), Cursor(), ROOM)
    hover(qtbot, view.encoding, cell(view.encoding, 4, 3))
    assert view.cursor_at == Cursor(query=4)
    assert "position 4 france   dimension 3 " in svg_text(view)
    hover(qtbot, view.encoding, cell(view.encoding, 20, 3))
    assert view.cursor_at == Cursor()
    qtbot.mouseClick(view.encoding, Qt.MouseButton.LeftButton, pos=cell(view.encoding, 20, 3))
    assert not view.cursor_at.pinned
    hover(qtbot, view.likeness, cell(view.likeness, 2, 5))
    assert view.cursor_at == Cursor(query=2, key=5)
    assert view.encoding._marked()[0] == 2


def test_keys_walk_positions_dimensions_and_tokens(qtbot: QtBot) -> None:
    """In each of the three parts."""
    view = shown(qtbot, PositionsView(), seen_through(), Cursor(query=0), ROOM)
    press(view.encoding, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(query=2, pinned=True)
    press(view.strips, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up)
    assert view.cursor_at == Cursor(query=1, pinned=True)
    assert "dimension 2: " in view.strips.accessibleDescription()
    press(view.strips, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor()


def test_a_dimension_of_the_sum_is_read_under_the_mouse(qtbot: QtBot) -> None:
    """All parts and the total, as an equation; the token stays."""
    trace = seen_through()
    view = shown(qtbot, PositionsView(), trace, Cursor(query=4), ROOM)
    hover(qtbot, view.strips, view.strips._area_of((1, 7)).center().toPoint())
    assert view.cursor_at == Cursor(query=4)
    total = f"= total {float(record_of(trace).total[4, 7]):.3g}".replace("-", "−")
    assert f"dimension 7:   word {float(record_of(trace).parts['word'][4, 7]):.3g}".replace("-", "−") in svg_text(view)
    assert total in svg_text(view)


def test_the_products_are_computed_once(qtbot: QtBot) -> None:
    """512 × 512 of them, kept until other positions arrive."""
    trace = seen_through(words(512), layers=1)
    view = shown(qtbot, PositionsView(), trace, Cursor(), (1400, 900))
    kept = view.likeness.products(record_of(trace))
    view.relation = "cosines"
    view.draw(trace.plus(), Cursor(query=500))
    assert view.likeness.products(record_of(trace)) is kept
    assert view.encoding.geometry().right() < view.likeness.geometry().left()
    assert view.strips.geometry().bottom() <= view.height()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty_foreign_and_themed(qtbot: QtBot, theme: str) -> None:
    """Nothing is a sentence, another text's positions aren't drawn, numbers that are none are hatched and counted."""
    with in_theme(theme) as chosen:
        view = shown(qtbot, PositionsView(), Trace(), Cursor(), ROOM)
        assert "Type a sentence" in svg_text(view)
        assert view.numbers().rows == ()
        view.draw(seen_through().plus(tokens_of(("other",))), Cursor())
        assert view.numbers().rows == ()
        view.draw(seen_through(("<b>x</b>", "שלום", "\ud800")), Cursor(query=1))
        assert "Point at a token" not in svg_text(view)
        image = view.grab().toImage()
        assert image.pixelColor(12, 610).name() == chosen.surface
        record = positions_of(len(WORDS))
        damaged = record.table.copy()
        damaged[3, 3] = np.nan
        view.draw(seen_through().plus(replace(record, table=frozen(damaged))), Cursor())
        assert "NaN: 1 cell" in svg_text(view)
        assert len(view.numbers().rows) == 32


def test_a_picture_of_it_has_no_focus_ring(qtbot: QtBot, tmp_path: Path) -> None:
    """Whichever part has the keyboard: it keeps it, and the picture is the same."""
    view = PositionsView()
    panel = Panel("Positions", view)
    qtbot.addWidget(panel)
    panel.resize(*ROOM)
    view.draw(seen_through(), Cursor())
    with qtbot.waitExposed(panel):
        panel.show()
    panel.save_picture(str(tmp_path / "plain.png"))
    view.likeness.setFocus()
    panel.save_picture(str(tmp_path / "focused.png"))
    assert view.likeness.hasFocus()
    assert QImage(str(tmp_path / "focused.png")) == QImage(str(tmp_path / "plain.png"))
