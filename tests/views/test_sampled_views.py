"""A draw as chips, as a table and as shares: what is shown, what a click does, what is exported."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Candidates, Chosen, Cursor, LongRun, Masking, Sampled, Trace, Treatment
from attnviz.views.mask_shares import MaskShares
from attnviz.views.sampled_chips import SampledChips
from attnviz.views.sampled_table import SampledTable
from attnviz.views.treatment_ink import treatment_colour
from attnviz.views.view import View
from tests.views.sentences import HOSTILE, candidates, in_theme, svg_text, tokens, trace

TEXT = "[CLS] the capital of france is un ##known . [SEP]"
CHOSEN = ((2, Treatment.MASK, "[MASK]"), (4, Treatment.RANDOM, "graveyard"), (7, Treatment.KEPT, "##known"))


def sampled(masking: Masking | None = None, chosen: tuple[tuple[int, Treatment, str], ...] = CHOSEN) -> Sampled:
    values = tuple(Chosen(place, place, treatment, 99) for place, treatment, _ in chosen)
    shown = tuple(word for _, _, word in chosen)
    return Sampled(masking or Masking(0.3), 7, 0, 8, values, shown, shown)


def answered() -> Trace:
    """A draw of three tokens; of the middle one the model is sure, and wrong."""
    wrong = Candidates(4, candidates(4, ("the", 0.75), ("a", 0.25)).entries, "france", 30, 0.001)
    first = candidates(2, ("capital", 0.5), ("city", 0.25), original="capital")
    return trace(tokens(TEXT), sampled(), first, wrong)


def shown(qtbot: QtBot, view: View, of: Trace, cursor: Cursor | None = None) -> None:
    qtbot.addWidget(view)
    view.draw(of, cursor or Cursor())
    view.resize(900, 320)
    view.show()
    qtbot.waitExposed(view)


def test_chips_show_what_the_model_sees(qtbot: QtBot) -> None:
    """[MASK] and the random word in place of the token, which stands below with its loss."""
    chips = SampledChips()
    shown(qtbot, chips, answered())
    text = svg_text(chips)
    for word in ("[MASK]", "graveyard", "capital", "france", f"{-math.log(0.5):.2f}", f"{-math.log(0.001):.2f}"):
        assert word in text
    assert "1 replaced by a random piece" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_chips_have_the_colours_of_their_treatments(qtbot: QtBot, theme: str) -> None:
    """A pixel in the corner of each chosen chip."""
    with in_theme(theme):
        chips = SampledChips()
        shown(qtbot, chips, answered())
        picture = chips.grab().toImage()
        for place, treatment, _ in CHOSEN:
            corner = chips.cell(place).topLeft().toPoint()
            assert picture.pixelColor(corner.x() + 6, corner.y() + 4) == treatment_colour(treatment)


def test_a_click_pins_and_frees(qtbot: QtBot) -> None:
    """The cursor goes out; the same token again lets it go."""
    chips = SampledChips()
    shown(qtbot, chips, answered())
    for pinned in (True, False):
        with qtbot.waitSignal(
            chips.pointed, check_params_cb=lambda cursor, wish=pinned: cursor.pinned is wish and cursor.query == 4
        ):
            qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=chips.cell(4).center().toPoint())
        chips.draw(chips.trace, Cursor(query=4, pinned=pinned))


def test_the_table_has_a_row_for_every_chosen_token(qtbot: QtBot) -> None:
    """Those that are not predicted yet wait; the cursor's row is current, and a row pins the cursor."""
    table = SampledTable()
    shown(qtbot, table, answered(), Cursor(query=4))
    assert [row[:3] for row in table.rows] == [
        ("2", "capital", "[MASK]"),
        ("4", "france", "graveyard (random)"),
        ("7", "##known", "##known (kept)"),
    ]
    assert table.rows[0][3:] == ("capital 50.0 %   city 25.0 %", "50.0 %", "1", "0.69")
    assert table.rows[2][3] == "…"
    assert table.table.currentIndex().row() == 1
    with qtbot.waitSignal(table.pointed) as pointed:
        table.table.selectRow(0)
    assert (pointed.args[0].query, pointed.args[0].pinned) == (2, True)


def test_numbers_are_those_of_the_records(qtbot: QtBot) -> None:
    """Both tables: a row a token, empty cells where nothing is known."""
    table, chips = SampledTable(), SampledChips()
    for view in (table, chips):
        shown(qtbot, view, answered())
    first, second, third = table.numbers().rows
    assert first == (2, "capital", "mask", "[MASK]", "capital", 0.5, "city", 0.25, None, None, 0.5, 1, -math.log(0.5))
    assert second[-2] == 30
    assert second[-1] == pytest.approx(-math.log(0.001))
    assert third[4:] == (None,) * 9
    assert [row[3] for row in chips.numbers().rows] == [
        None,
        None,
        "mask",
        None,
        "random",
        None,
        None,
        "kept",
        *[None] * 2,
    ]


def test_shares_say_wish_draw_and_long_run(qtbot: QtBot) -> None:
    """3 of 8 chosen, of these one each; a long run of another rule is not shown."""
    view = MaskShares()
    masking = Masking(0.3)
    shown(qtbot, view, answered().plus(LongRun(masking, 8, 100, (200, 30, 20), 0.25)))
    assert [(share.name, share.wished, share.count, share.of) for share in view.shares] == [
        ("chosen", 0.3, 3, 8),
        ("masked", 0.8, 1, 3),
        ("random", 0.1, 1, 3),
        ("kept", 0.1, 1, 3),
    ]
    assert [share.long_run for share in view.shares] == [250 / 800, 0.8, 0.12, 0.08]
    assert "25.0 % of cases" in svg_text(view)
    view.draw(answered().plus(LongRun(Masking(0.5), 8, 100, (200, 30, 20), 0.25)), Cursor())
    assert [share.long_run for share in view.shares] == [None] * 4
    assert len(view.numbers().rows) == 4


@pytest.mark.parametrize("kind", [SampledChips, SampledTable, MaskShares])
def test_nothing_and_little_can_be_drawn(qtbot: QtBot, kind: type[View]) -> None:
    """Before anything arrived, tokens alone, a draw of nothing, texts that mean mischief."""
    view = kind()
    shown(qtbot, view, Trace())
    empty = sampled(Masking(0), ())
    hostile = sampled(chosen=tuple((place, Treatment.RANDOM, word) for place, word in enumerate(HOSTILE, start=1)))
    for of in (
        trace(tokens(TEXT)),
        trace(tokens(TEXT), empty),
        trace(tokens(["[CLS]", *HOSTILE, "[SEP]"]), hostile),
    ):
        view.draw(of, Cursor())
        view.grab()
        assert view.numbers().columns
