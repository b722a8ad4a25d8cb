"""A line that ends in dots: nothing is cut within a letter, and the whole of it stays known."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from attnviz.views.elided import ElidedLabel
from tests.views.sentences import svg_text


def label_of(qtbot: QtBot, width: int, text: str = "N AE SH AH N AE L AH T IY") -> ElidedLabel:
    made = ElidedLabel(text)
    qtbot.addWidget(made)
    made.resize(width, 20)
    made.show()
    return made


def test_what_has_no_room_ends_in_dots(qtbot: QtBot) -> None:
    """Narrow, then wide enough for all of it."""
    label = label_of(qtbot, 60)
    assert "…" in svg_text(label)
    label.resize(400, 20)
    assert "N AE SH AH N AE L AH T IY" in svg_text(label)


def test_text_is_plain_and_takes_no_room(qtbot: QtBot) -> None:
    """Markup is letters, and the layout may make it as narrow as it likes."""
    label = label_of(qtbot, 400, "<b>&lt;/s&gt;</b>")
    assert "&lt;b&gt;" in svg_text(label)
    assert label.text() == "<b>&lt;/s&gt;</b>"
    assert label.minimumSizeHint().width() <= 400
