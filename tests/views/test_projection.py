"""The projection: numpy's own singular vectors up to their sign, names that don't collide, and one token's way."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Hidden, Site, Trace, frozen
from attnviz.views.label_places import placed
from attnviz.views.principal import plane_of
from attnviz.views.projection import Projection
from tests.views.lenses import seen_through
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import WORDS, press, shown, tokens_of, words

ROOM = (560, 480)


def uneven(layers: int, tokens: int, width: int) -> list[np.ndarray]:
    """States that vary more in some directions than in others, and lie off the origin."""
    random = np.random.default_rng(2)
    turn = np.linalg.qr(random.normal(size=(width, width)))[0]
    lengths = 1 / np.sqrt(1 + np.arange(width))
    return [frozen((random.normal(size=(tokens, width)) * lengths) @ turn + 3 + layer / 9) for layer in range(layers)]


def by_numpy(stacks: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Projections on the first two singular vectors, (rows, 2), and their shares of the variance."""
    rows = np.concatenate(stacks).astype(np.float64)
    rows -= rows.mean(axis=0)
    _, values, vectors = np.linalg.svd(rows, full_matrices=False)
    return rows @ vectors[:2].T, values[:2] ** 2 / (values**2).sum()


@pytest.mark.parametrize("shape", [(3, 9, 24), (13, 300, 96), (2, 400, 600), (2, 9000, 40)])
def test_the_plane_is_that_of_the_singular_value_decomposition(shape: tuple[int, int, int]) -> None:
    """Few states or many, the places and the shares are numpy's up to the sign of an axis."""
    stacks = uneven(*shape)
    plane = plane_of(stacks)
    assert plane is not None
    assert plane.settled
    expected, shares = by_numpy(stacks)
    found = np.concatenate([plane.places(one) for one in stacks])
    for axis in (0, 1):
        sign = np.sign((found[:, axis] * expected[:, axis]).sum())
        assert np.abs(found[:, axis] * sign - expected[:, axis]).max() < 1e-3 * np.abs(expected[:, axis]).max()
    assert np.allclose(plane.shares, shares, rtol=1e-4)
    assert np.allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-5)


def test_both_ways_of_computing_are_used() -> None:
    """The test above would prove half of it if all its cases were small."""
    assert 3 * 9 * 24 * 24 < 2e7 < min(2 * 400 * 600 * 600, 2 * 9000 * 40 * 40)


def test_where_nothing_stands_out_it_says_so() -> None:
    """Noise that is alike in all directions has no two axes to settle on; they are orthonormal all the same."""
    plane = plane_of([frozen(np.random.default_rng(0).normal(size=(2000, 300)))])
    assert plane is not None
    assert not plane.settled
    assert np.allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-5)


def test_what_has_no_plane_gives_none() -> None:
    """No rows, one dimension, or numbers that are none; a single state is a plane with no variance."""
    assert plane_of([]) is None
    assert plane_of([frozen(np.ones((4, 1)))]) is None
    assert plane_of([frozen(np.array([[1.0, np.nan]]))]) is None
    alone = plane_of([frozen(np.ones((1, 5)))])
    assert alone is not None
    assert alone.shares == (0.0, 0.0)


def test_names_stand_on_no_name_and_on_no_point() -> None:
    """However many there are, and inside of the room."""
    points = np.random.default_rng(1).uniform(20, 280, size=(120, 2))
    sizes = np.tile((40.0, 12.0), (120, 1))
    room = QRectF(10, 10, 300, 280)
    found = placed(points, sizes, room, 7.0, range(120))
    assert 10 < len(found) < 120
    assert 0 in found
    assert not any(one.intersects(other) for one, other in combinations(found.values(), 2))
    assert all(room.contains(area) for area in found.values())
    assert not any(area.contains(*point) for area in found.values() for point in points.tolist())


def spot(view: Projection, row: int, token: int) -> QPoint:
    assert view.cloud is not None
    return view.sheet(view.cloud).point(view.cloud.places[row, token]).toPoint()


def test_points_are_the_states_of_the_trace(qtbot: QtBot) -> None:
    """All layers together have one plane; the numbers and the axes say it."""
    trace = seen_through()
    view = shown(qtbot, Projection(), trace, Cursor(1), ROOM)
    expected, shares = by_numpy([one.states for one in trace.every(Hidden)])
    found = np.array([row[2:] for row in view.numbers().rows]).reshape(9, 4, 2).transpose(1, 0, 2).reshape(-1, 2)
    assert np.allclose(np.abs(found), np.abs(expected), atol=1e-3)
    assert f"{100 * shares[0]:.3g} % of the variance" in svg_text(view)
    assert "large dots: layer 1" in svg_text(view)


def test_one_layer_alone_has_its_own_plane(qtbot: QtBot) -> None:
    """The axes are fitted to that layer's states only, and follow the cursor's layer."""
    trace = seen_through()
    view = Projection()
    view.scope = "this layer"
    shown(qtbot, view, trace, Cursor(1), ROOM)
    for layer in (1, 2):
        view.draw(trace, Cursor(layer))
        hidden = trace.hidden(layer + 1)
        assert hidden is not None
        assert view.cloud is not None
        assert view.cloud.plane.shares == pytest.approx(tuple(by_numpy([hidden.states])[1]), rel=1e-3)
        assert f"layer {layer} only" in svg_text(view)


def test_the_plane_is_computed_once_for_a_trace(qtbot: QtBot) -> None:
    """Cursors come and go, and records that are no states too; other states make another plane."""
    trace = seen_through()
    view = shown(qtbot, Projection(), trace, Cursor(1), ROOM)
    cloud = view.cloud
    view.draw(trace, Cursor(2, query=3))
    assert view.cloud is cloud
    view.draw(trace.plus(tokens_of(WORDS)), Cursor(2, query=3))
    assert view.cloud is cloud
    view.draw(seen_through(layers=2), Cursor(1))
    assert view.cloud is not cloud


def test_a_token_has_a_way_through_all_layers(qtbot: QtBot) -> None:
    """Numbered stations from the embeddings on; without a token there is none."""
    view = shown(qtbot, Projection(), seen_through(words(4)), Cursor(1), ROOM)
    assert ">e</text>" not in svg_text(view)
    view.draw(view.trace, Cursor(1, query=2))
    drawn = svg_text(view)
    assert all(f">{station}</text>" in drawn for station in ("e", "0", "1", "2"))


def test_hovering_points_at_the_token_and_a_click_goes_to_the_layer(qtbot: QtBot) -> None:
    """The stations of a way are places too."""
    view = shown(qtbot, Projection(), seen_through(words(4)), Cursor(1), ROOM)
    hover(qtbot, view, spot(view, 2, 3))
    assert view.cursor_at == Cursor(1, query=3)
    assert f"{view.trace.tokens().labels[3]} (3)   layer 1" in svg_text(view)  # type: ignore[union-attr] # it has tokens
    hover(qtbot, view, spot(view, 2, 3))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot(view, 3, 3))
    assert view.cursor_at == Cursor(2, query=3, pinned=True)
    press(view, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(2)


def test_keys_walk_tokens_and_layers(qtbot: QtBot) -> None:
    """Up is a layer up, as far down as the embeddings."""
    view = shown(qtbot, Projection(), seen_through(), Cursor(1), ROOM)
    press(view, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up)
    assert view.cursor_at == Cursor(2, query=1, pinned=True)
    press(view, *[Qt.Key.Key_Down] * 5)
    assert "embeddings" in view.accessibleDescription()


def test_a_moved_cursor_paints_the_cloud_no_second_time(qtbot: QtBot) -> None:
    """512 tokens by 13 layers: only the way is painted anew."""
    view = shown(qtbot, Projection(), seen_through(words(512), layers=12), Cursor(1), (900, 700))
    view.repaint()
    before = view.face.paints
    for token in range(5):
        view.draw(view.trace, Cursor(1, query=token))
        view.repaint()
    assert view.face.paints == before
    assert "names have no room" in svg_text(view)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty_damaged_and_themed(qtbot: QtBot, theme: str) -> None:
    """Nothing is a sentence, and so are states that have no place."""
    with in_theme(theme) as chosen:
        view = shown(qtbot, Projection(), Trace(), Cursor(), ROOM)
        assert "Type a sentence" in svg_text(view)
        assert view.numbers().rows == ()
        press(view, Qt.Key.Key_Right)
        damaged = Hidden(Site.ENCODER, 0, frozen(np.array([[np.nan, 1.0], [2.0, 3.0]])))
        view.draw(Trace().plus(tokens_of(("a", "b")), damaged), Cursor())
        assert "no finite numbers" in svg_text(view)
        view.draw(seen_through(("<b>x</b>", "שלום", "\ud800")), Cursor(query=1))
        assert view.grab().toImage().pixelColor(3, 470).name() == chosen.surface
        assert len(view.numbers().rows) == 12
