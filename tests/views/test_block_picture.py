"""The picture of a stage: where its scale ends, what is grey, and that numbers that are none do no harm."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from attnviz.trace import frozen
from attnviz.views.block_picture import BlockPicture, closed_ink


def test_weights_are_coloured_up_to_the_highest() -> None:
    """One large cell among a quarter of a million is the end of the scale, wherever it stands."""
    weights = np.full((512, 512), 0.001, np.float32)
    weights[77, 301] = 0.7
    picture = BlockPicture(frozen(weights), signed=False)
    assert picture.limit == np.float32(0.7)
    assert picture.codes[77, 301] == 255


def test_a_few_towering_numbers_do_not_pale_the_others() -> None:
    """The scale ends where nearly all lie, what lies beyond is counted and has the colour of the end."""
    states = np.random.default_rng(0).normal(size=(100, 100))
    states[:, 7] = 0.0
    states[3, 7] = 500.0
    picture = BlockPicture(frozen(states))
    assert 2.0 < picture.limit < 4.0
    assert picture.beyond == int((np.abs(picture.values) > picture.limit).sum())
    assert picture.codes[3, 7] == 255


def test_nearly_all_zero_is_not_all_white() -> None:
    """Where nearly all are 0 the scale ends at the largest."""
    states = np.zeros((100, 100))
    states[3, 7] = -2.0
    picture = BlockPicture(frozen(states))
    assert picture.limit == 2.0
    assert picture.codes[3, 7] == 0


def test_what_is_no_number_does_no_harm(qtbot: QtBot) -> None:
    """NaN, infinities, nothing at all and nothing but zeros have a picture."""
    for values in ([[np.nan, np.inf], [-np.inf, 1.0]], [[0.0, 0.0]], [[np.nan]]):
        picture = BlockPicture(frozen(np.array(values)))
        assert np.isfinite(picture.limit)
        assert picture.limit > 0
        assert not picture.image(8, 8).isNull()


def test_closed_cells_are_grey(qtbot: QtBot) -> None:
    """Where a query may not look there is no colour of the map."""
    scores = np.array([[1.0, -np.inf], [0.5, -1.0]])
    picture = BlockPicture(frozen(scores), open_cells=np.isfinite(scores))
    image = picture.image(2, 2)
    assert image.pixelColor(1, 0) == closed_ink()
    assert image.pixelColor(0, 0) != closed_ink()
