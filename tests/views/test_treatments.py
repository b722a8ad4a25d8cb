"""One position predicted three times, the means over all, and the sentence about them, against the records' numbers."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from attnviz.trace import Candidate, Candidates, Mismatch, OwnProbability, Plot, Shown, Trace
from attnviz.views.line_plot import LinePlot
from attnviz.views.mismatch_reading import NAMES, PLOT, conclusion, mismatches, reasons, summaries, with_plot
from attnviz.views.plot_spot import Spot
from attnviz.views.treatment_columns import TreatmentColumns
from attnviz.views.treatment_table import TreatmentTable
from tests.views.sentences import hover, in_theme, svg_text, tokens
from tests.views.traces import shown

WORDS = "[CLS] the cat sat [SEP]"
ROOM = (960, 360)


def treated(position: int, word: str, probability: float, rank: int, sees: str, share: float, place: int) -> Shown:
    entries = tuple(Candidate(index, f"w{index}", f"w{index}", 0.3 / (index + 1)) for index in range(12))
    return Shown(Candidates(position, entries, word, rank, probability), sees, share, place)


def mismatch(position: int, word: str, mask: float, random: float, kept: float, copied: float = 0.02) -> Mismatch:
    """The word is put first where it has more than a half, the random one where it has."""
    return Mismatch(
        position,
        treated(position, word, mask, 1 if mask > 0.5 else 7, "[MASK]", 0.0, 30_000),
        treated(position, word, random, 1 if random > 0.5 else 9, "zebra", copied, 1 if copied > 0.5 else 40),
        treated(position, word, kept, 1 if kept > 0.5 else 2, word, kept, 1 if kept > 0.5 else 2),
    )


def run(*found: Mismatch) -> Trace:
    return Trace().plus(tokens(WORDS), *found)


WHOLE = run(mismatch(3, "sat", 0.1, 0.05, 0.4), mismatch(1, "the", 0.9, 0.8, 0.99), mismatch(2, "cat", 0.2, 0.1, 0.9))


def test_means_are_those_of_the_positions() -> None:
    """Probability of the word, how often it is first, probability of what is shown and how often that is first."""
    mask, random, kept = summaries(WHOLE)
    assert mask.positions == 3
    assert (mask.probability, random.probability, kept.probability) == pytest.approx((0.4, 0.95 / 3, 2.29 / 3))
    assert (mask.first, random.first, kept.first) == pytest.approx((1 / 3, 1 / 3, 2 / 3))
    assert (random.shown, random.shown_first) == pytest.approx((0.02, 0))
    assert (kept.shown, kept.shown_first) == pytest.approx((2.29 / 3, 2 / 3))
    assert summaries(Trace()) == ()


def test_a_curve_for_each_treatment_in_the_texts_order() -> None:
    """In per cent, with ranks, under the words; the chips get what stands behind [MASK]."""
    trace = with_plot(WHOLE)
    plot = trace.find(Plot, PLOT)
    assert [series.name for series in plot.series] == list(NAMES)
    assert plot.series[1].values.tolist() == pytest.approx([80, 10, 5])
    assert dict(plot.series[1].told)["rank"].tolist() == [1, 9, 9]
    assert [name for _, name in plot.across.names] == ["the", "cat", "sat"]
    assert trace.find(OwnProbability, 2).probability == 0.2
    assert with_plot(Trace()).find(Plot, PLOT) is None
    assert [one.position for one in mismatches(WHOLE)] == [1, 2, 3]


def test_the_sentence_has_the_runs_own_numbers() -> None:
    """What the word gets under each treatment, what the random one gets, and whom the model believes."""
    said = conclusion(WHOLE)
    for words in ("Over 3 word pieces", "40.0 % behind [MASK]", "31.7 % where a random", "76.3 % where it is shown"):
        assert words in said
    assert "the random word gets 2.0 %" in said
    assert "believes the text around a word more" in said
    copying = conclusion(run(mismatch(1, "the", 0.9, 0.1, 0.99, copied=0.8)))
    assert copying.startswith("Over 1 word piece ")
    assert "believes the word that it sees more" in copying
    assert conclusion(Trace()) == ""


def test_each_share_has_its_reason_and_its_number() -> None:
    """80, 10 and 10; before the run the reasons stand without numbers."""
    mask, random, kept, alone = reasons(WHOLE)
    assert "33.3 % of the time" in mask
    assert "random word is put first 0.0 % of the time, the right one 33.3 %" in random
    assert "66.7 %" in kept
    assert "Devlin" in alone
    assert not any("Here" in reason for reason in reasons(Trace()))


def test_three_columns_show_one_position(qtbot: QtBot) -> None:
    """Who is shown, the candidates, the word's standing and that of what is shown."""
    view = shown(qtbot, TreatmentColumns(), WHOLE, Spot(query=2, pinned=True), ROOM)
    assert view.shown.position == 2
    said = svg_text(view)
    for words in ("[MASK] is shown · 80 %", "random: zebra is shown · 10 %", "cat itself is shown · 10 %", "w0"):
        assert words in said
    for words in (
        "shown: zebra · rank 40 · p = 2.0 %",
        "shown: [MASK] · rank 30,000 · p = 0.0 %",
        "shown: the original",
    ):
        assert words in said
    assert len({view.row(block, 0).left() for block in range(3)}) == 3
    assert len({view.row(block, 0).top() for block in range(3)}) == 1


def test_the_table_of_the_columns_has_everything(qtbot: QtBot) -> None:
    """A row per candidate and treatment, of all that came and not only of those that have room."""
    view = shown(qtbot, TreatmentColumns(), WHOLE, Spot(query=3), ROOM)
    table = view.numbers()
    assert len(table.rows) == 3 * 12
    known = dict(zip(table.columns, table.rows[12], strict=True))
    assert (known["position"], known["treatment"], known["word"], known["shown"]) == (3, NAMES[1], "sat", "zebra")
    assert (known["word probability"], known["word rank"], known["shown rank"]) == (0.05, 9, 40)


def test_without_a_cursor_the_first_word_is_shown(qtbot: QtBot) -> None:
    """And where there is nothing to show, what is the matter."""
    view = shown(qtbot, TreatmentColumns(), WHOLE, Spot(), ROOM)
    assert view.shown.position == 1
    view.draw(WHOLE, Spot(query=0))
    assert "never chosen" in svg_text(view)
    view.draw(run(mismatch(1, "the", 0.9, 0.8, 0.99)), Spot(query=3))
    assert "not been predicted yet" in svg_text(view)
    view.draw(run(), Spot())
    assert "being predicted" in svg_text(view)
    view.draw(Trace(), Spot())
    assert "Type a sentence" in svg_text(view)
    assert view.numbers().rows == ()


def test_more_room_shows_more_candidates(qtbot: QtBot) -> None:
    """As many rows as have room without scrolling."""
    view = shown(qtbot, TreatmentColumns(), WHOLE, Spot(query=1), ROOM)
    few = len(view._blocks[0].record.entries)
    view.resize(960, 460)
    assert few < len(view._blocks[0].record.entries) <= 12
    assert view._bar.maximum() == 0


def test_a_candidate_tells_its_numbers(qtbot: QtBot) -> None:
    """The tooltip of the row under the mouse."""
    view = shown(qtbot, TreatmentColumns(), WHOLE, Spot(query=1), ROOM)
    hover(qtbot, view, view.row(1, 2).center().toPoint())
    text, _ = view._tip(view.to_content(view.row(1, 2).center()))
    assert text.startswith("w2 · 3 of ")
    assert "p = 0.1" in text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_means_in_rows(qtbot: QtBot, theme: str) -> None:
    """A row for each of the three, and all numbers in the file."""
    with in_theme(theme):
        table = shown(qtbot, TreatmentTable(), WHOLE, Spot(), (400, 120))
        assert [row[:3] for row in table.rows] == [
            ("[MASK]", "80 %", "40.0 %"),
            ("random", "10 %", "31.7 %"),
            ("itself", "10 %", "76.3 %"),
        ]
        known = dict(zip(table.numbers().columns, table.numbers().rows[2], strict=True))
        assert known["positions"] == 3
        assert known["first"] == pytest.approx(2 / 3)
        table.draw(Trace(), Spot())
        assert table.rows == ()
        shown(qtbot, LinePlot(PLOT, "wait"), with_plot(WHOLE), Spot(place=2.0), (400, 200)).grab()
