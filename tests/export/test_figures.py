"""A head as a figure: vector cells, both axes lettered, a caption that reproduces it, and no display needed."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attnviz.errors import ExportError
from attnviz.export.figures import Origin, attention_figure, save_widget
from attnviz.trace import Site
from tests.views.traces import WORDS, attention_of, tokens_of, words


def texts(path: Path) -> list[str]:
    root = ElementTree.parse(path).getroot()  # noqa: S314 - our own file
    return ["".join(node.itertext()).strip() for node in root.iter() if node.tag.endswith("text")]


def test_the_svg_letters_both_axes_and_is_vectorial(qtbot: QtBot, tmp_path: Path) -> None:
    """Every token stands twice, the axes are named, and no pixel image is embedded."""
    attention_figure(attention_of(9), tokens_of(WORDS), 1).save(tmp_path / "f.svg")
    found = texts(tmp_path / "f.svg")
    assert all(found.count(word) == 2 for word in WORDS)
    assert {"queries ↓", "keys →", "attention weight", "0"} <= set(found)
    assert "<image" not in (tmp_path / "f.svg").read_text("utf-8")


def test_the_colours_of_the_cells_are_the_weights(qtbot: QtBot) -> None:
    """The darkest cell is the highest weight, and codes rise with it."""
    attention = attention_of(9)
    figure = attention_figure(attention, tokens_of(WORDS), 2)
    weights = attention.weights(2)
    assert np.array_equal(figure.codes, np.rint(weights / weights.max() * 255).astype(np.uint8))


def test_the_caption_reproduces_the_figure(qtbot: QtBot, tmp_path: Path) -> None:
    """Checkpoint, layer, head, text, hash and command stand under it; a long text is cut."""
    origin = Origin("bert-tiny", "sha256 0123abcd", "attnviz inspect 'the capital' --layer 3 --head 1 --out f.svg")
    tokens = replace(tokens_of(WORDS), text="long " * 100)
    attention_figure(attention_of(9, layer=3), tokens, 1, origin=origin).save(tmp_path / "f.svg")
    page = " ".join(texts(tmp_path / "f.svg"))
    for part in (
        "bert-tiny, layer 3, head 1, attention weight.",
        "long long",
        "…",
        "sha256 0123abcd",
        "--layer 3 --head 1",
    ):
        assert part in page
    assert page.count("long") < 40


def test_hidden_keys_are_said_and_crossed_out(qtbot: QtBot) -> None:
    """Nothing is renormalised silently."""
    figure = attention_figure(attention_of(9), tokens_of(WORDS), 1, hidden=(0, 8))
    assert any(re.search(r"hidden keys carry \d+ % of the mass; rows renormalised", line) for line in figure.caption)
    assert figure.holes is not None
    assert figure.holes.sum() == 18


@pytest.mark.parametrize("kind", ["scores", "raw products"])
def test_signed_kinds_have_zero_in_the_middle(qtbot: QtBot, kind: str) -> None:
    """The bar is symmetric."""
    figure = attention_figure(attention_of(9), tokens_of(WORDS), 1, kind=kind)
    assert figure.ticks.numbers[0] == "−" + figure.ticks.numbers[-1]


def test_masked_scores_are_crossed_out(qtbot: QtBot) -> None:
    """−∞ has no colour."""
    causal = replace(attention_of(9), mask=np.tril(np.ones((9, 9), bool)))
    figure = attention_figure(causal, tokens_of(WORDS), 0, kind="scores")
    assert figure.holes is not None
    assert figure.holes.sum() == 36


def test_a_long_map_is_an_image_and_a_short_one_is_not(qtbot: QtBot, tmp_path: Path) -> None:
    """Up to 96 tokens rectangles, beyond them one image that viewers need not blur."""
    for count, images in ((96, 0), (97, 1)):
        attention_figure(attention_of(count, heads=1), tokens_of(words(count)), 0).save(tmp_path / "f.svg")
        assert (tmp_path / "f.svg").read_text("utf-8").count("<image") >= images
        assert ("<image" in (tmp_path / "f.svg").read_text("utf-8")) is bool(images)


def test_png_and_pdf_open(qtbot: QtBot, tmp_path: Path) -> None:
    """PNG has two pixels to one and a white page; PDF is one."""
    figure = attention_figure(attention_of(3, 7, site=Site.CROSS), tokens_of(words(3)), 0, keys=tokens_of(words(7)))
    figure.save(tmp_path / "f.png")
    figure.save(tmp_path / "f.pdf")
    image = QImage(str(tmp_path / "f.png"))
    assert image.size() == figure.size() * 2
    assert image.pixelColor(1, 1).name() == "#ffffff"
    assert (tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"head": 9}, "EXPORT_HEAD"), ({"kind": "sums"}, "EXPORT_KIND"), ({"colour_map": "jet"}, "EXPORT_MAP")],
)
def test_what_does_not_exist_is_refused(qtbot: QtBot, wrong: dict[str, object], code: str) -> None:
    """The sentence gives the choices."""
    with pytest.raises(ExportError) as refused:
        attention_figure(attention_of(9), tokens_of(WORDS), **({"head": 0} | wrong))
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["map.bmp", "map", "map.svg.exe"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    """Nothing is written under a wrong name."""
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(20, 20)
    with pytest.raises(ExportError, match=r"use \.png, \.svg or \.pdf"):
        save_widget(widget, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_widget_without_a_size_is_refused(qtbot: QtBot, tmp_path: Path) -> None:
    """An empty picture helps nobody."""
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(0, 0)
    with pytest.raises(ExportError, match="no size"):
        save_widget(widget, tmp_path / "x.png")


@pytest.mark.slow
def test_a_figure_needs_neither_a_display_nor_an_application(tmp_path: Path) -> None:
    """A headless process makes its own, offscreen."""
    code = (
        "import sys; from tests.views.traces import *; from attnviz.export.figures import attention_figure;"
        "attention_figure(attention_of(9), tokens_of(WORDS), 1).save(sys.argv[1])"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "f.svg")], check=True, timeout=60)
    assert "capital" in texts(tmp_path / "f.svg")
