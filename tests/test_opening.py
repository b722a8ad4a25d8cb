"""Opening checkpoints from the window: what is refused changes nothing, what is newest wins."""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file

from attnviz import session
from attnviz.models.gate import Examination
from attnviz.models.gate.verdict import Verdict
from attnviz.settings import Settings
from attnviz.trace import Attention, Candidates, Trace
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder, write_json
from tests.windows import SENTENCE, drop, opened, sentences, settle, strong_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("opening") / "tiny")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder that the gate refuses."""
    made = write_bert_folder(tmp_path / "bad")
    write_json(made / "config.json", {"model_type": "bert", "num_hidden_layers": -1})
    return made


@pytest.fixture
def window(qtbot: QtBot, folder: Path) -> Iterator[Window]:
    """The window with its example answered."""
    made = opened(qtbot, folder)
    yield made
    made.close()


def numbers(trace: Trace) -> list[object]:
    """Everything the model said, as bits."""
    bits = [array.tobytes() for layer in trace.every(Attention) for array in (layer.query, layer.key, layer.value)]
    return [*bits, *trace.every(Candidates)]


def wait_for_refusal(qtbot: QtBot, window: Window) -> str:
    qtbot.waitUntil(lambda: bool(sentences(window)) and window.engine.current is None, timeout=20_000)
    return sentences(window)[0]


def test_q10_a_refused_folder_changes_nothing(qtbot: QtBot, window: Window, bad: Path) -> None:
    """Q10: the open model keeps its title and answers as before, to the bit."""
    title, before = window.windowTitle(), numbers(window.tab.trace)
    window.open(str(bad))
    assert "num_hidden_layers" in wait_for_refusal(qtbot, window)
    window.tab.ask_again()
    settle(qtbot, window)
    assert numbers(window.tab.trace) == before
    assert window.windowTitle() == title
    assert window.header.checkpoints.text() == "tiny"


def test_q10_a_refused_folder_doesn_t_disturb_a_running_forward(
    qtbot: QtBot, window: Window, bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q10: a bad folder that is opened in mid-forward waits its turn; the forward's answer is whole."""
    from attnviz.models.bert import Bert

    before, begun, gate = numbers(window.tab.trace), threading.Event(), threading.Event()
    trace = Bert.trace

    def slow(model: Bert, *arguments: object, **options: object) -> object:
        begun.set()
        gate.wait(20)
        return trace(model, *arguments, **options)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(Bert, "trace", slow)
    window.tab.ask_again()
    qtbot.waitUntil(begun.is_set)
    window.open(str(bad))
    gate.set()
    assert "num_hidden_layers" in wait_for_refusal(qtbot, window)
    settle(qtbot, window)
    assert numbers(window.tab.trace) == before
    assert window.windowTitle().startswith("tiny")


def test_a_refusal_is_plain_text_and_stays_until_dismissed(qtbot: QtBot, window: Window, bad: Path) -> None:
    """Neither another sentence nor another tab takes it away, only its button."""
    window.open(str(bad))
    said = wait_for_refusal(qtbot, window)
    [label] = [label for label in window.messages.findChildren(QLabel) if label.text() == said]
    assert label.textFormat() == Qt.TextFormat.PlainText
    window.header.sentence.put("a dog [MASK]")
    window.show_tab("inspector")
    settle(qtbot, window)
    assert sentences(window) == [said]
    [button] = window.messages.findChildren(QToolButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert sentences(window) == []


@pytest.mark.parametrize("kind", ["missing", "file", "zip", "empty", "web"])
def test_c16_c17_what_is_no_checkpoint_folder_is_refused_when_dropped(
    qtbot: QtBot, window: Window, tmp_path: Path, kind: str
) -> None:
    """C16, C17: a sentence that says what to do; nothing is unpacked, and the model stays."""
    path = tmp_path / kind
    if kind == "file":
        path.write_bytes(b"x")
    elif kind == "zip":
        path = path.with_suffix(".zip")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../evil", "x")
    elif kind == "empty":
        path.mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert drop(window, "https://example.invalid/bert" if kind == "web" else str(path))
    assert wait_for_refusal(qtbot, window)
    assert sorted(tmp_path.rglob("*")) == before
    assert window.scene.report.name == "tiny"


def test_a_dropped_folder_is_opened(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """From the file manager onto the window."""
    assert drop(window, str(strong_folder(tmp_path / "dropped", seed=8)))
    qtbot.waitUntil(lambda: window.is_settled and window.scene.report.name == "dropped", timeout=20_000)
    assert window.windowTitle().startswith("dropped")


def test_a_folder_dropped_on_the_sentence_is_no_text(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """The box lets it pass to the window, which opens it, instead of writing its address into the sentence."""
    box = window.header.sentence
    assert drop(box.viewport(), str(strong_folder(tmp_path / "dropped", seed=8)))
    qtbot.waitUntil(lambda: window.is_settled and window.scene.report.name == "dropped", timeout=20_000)
    assert box.toPlainText() == SENTENCE


def test_another_model_changes_the_numbers_and_the_menu(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """The same sentence through other weights; the picker offers the new folder from now on."""
    before = numbers(window.tab.trace)
    other = strong_folder(tmp_path / "other", seed=8)
    window.open(str(other))
    qtbot.waitUntil(lambda: window.is_settled and window.scene.report.name == "other", timeout=20_000)
    assert numbers(window.tab.trace) != before
    assert str(other) in [action.data() for action in window.header.checkpoints.menu().actions()]


def test_a_pickle_is_read_only_after_consent(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """The refusal has a button; pressing it opens the folder with the very same weights."""
    old = strong_folder(tmp_path / "old")
    torch.save(load_file(old / "model.safetensors"), old / "pytorch_model.bin")
    (old / "model.safetensors").unlink()
    before = numbers(window.tab.trace)
    window.open(str(old))
    assert "pytorch_model.bin" in wait_for_refusal(qtbot, window)
    assert window.scene.report.name == "tiny"
    [consent] = window.messages.findChildren(QPushButton)
    qtbot.mouseClick(consent, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.is_settled and window.scene.report.name == "old", timeout=20_000)
    assert numbers(window.tab.trace) == before
    assert sentences(window) == []


def test_q11_of_two_loads_the_newest_wins(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """Q11: whichever was asked for last is open in the end, and the other one never shows."""
    folders = [strong_folder(tmp_path / name, seed=seed) for seed, name in enumerate("abc")]
    titles: list[str] = []
    window.windowTitleChanged.connect(titles.append)
    for made in folders:
        window.open(str(made))
    qtbot.waitUntil(lambda: window.is_settled and window.scene.report.name == "c", timeout=20_000)
    assert [title.partition(" ")[0] for title in titles] == ["c"]
    assert window.scene.reference.path == str(folders[2])


def test_q11_a_folder_that_vanishes_in_mid_load_is_refused(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q11: deleted between the check and the reading; one sentence, and the old model answers."""
    going = strong_folder(tmp_path / "going")
    verdict = Examination.verdict

    def then_gone(examination: Examination, timeout: float = 20.0) -> Verdict:
        found = verdict(examination, timeout)
        shutil.rmtree(going)
        return found

    monkeypatch.setattr(Examination, "verdict", then_gone)
    window.open(str(going))
    assert "changed on disk" in wait_for_refusal(qtbot, window)
    monkeypatch.undo()
    window.header.sentence.put("a dog [MASK]")
    settle(qtbot, window)
    assert window.tab.trace.tokens().text == "a dog [MASK]"


def test_s15_a_weights_file_that_is_cut_later_changes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    """S15: the file of the open model is truncated under its feet; the next forward gives the same numbers."""
    own = strong_folder(tmp_path / "own")
    window = opened(qtbot, own)
    before = numbers(window.tab.trace)
    with (own / "model.safetensors").open("r+b") as file:
        file.truncate(4096)
    window.tab.ask_again()
    settle(qtbot, window)
    assert numbers(window.tab.trace) == before
    window.close()


def test_fewer_layers_and_heads_bring_the_cursor_back(qtbot: QtBot, shipped: Path, folder: Path) -> None:
    """V07: layer 5, head 11 of the shipped model become layer 1, head 1 of a tiny one."""
    window = opened(qtbot, shipped, tab="inspector")
    window.tab.map.setFocus()
    for _ in range(12):
        qtbot.keyClick(window.tab.map, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClick(window.tab.map, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert (window.tab.cursor_at.layer, window.tab.cursor_at.head) == (5, 11)
    window.open(str(folder))
    qtbot.waitUntil(lambda: window.is_settled and window.scene.report.name == "tiny", timeout=20_000)
    assert (window.tab.cursor_at.layer, window.tab.cursor_at.head) == (1, 1)
    record = window.tab.trace.attention(1)
    np.testing.assert_allclose(record.weights(1).sum(-1), 1.0, atol=1e-5)
    window.close()


def test_a_first_checkpoint_that_is_refused_gives_way_to_the_shipped_one(
    qtbot: QtBot, folder: Path, bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing open yet, the refusal is told and the default opens; with a model open, that one stays."""
    monkeypatch.setattr("attnviz.models.shelf.shipped", lambda: (folder,))
    window = session.make_window(Settings(), None, bad)
    qtbot.addWidget(window)
    window.show()
    window.open(str(bad))
    settle(qtbot, window)
    assert window.scene.report is not None
    assert window.scene.report.path == str(folder)
    assert len(sentences(window)) == 1
    window.close()
