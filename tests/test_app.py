"""``main()``: what is set up before anything runs, and which way a start goes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from attnviz import app, headless, places, system


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of the two, the window or its stand-in, was started."""
    from attnviz import session

    ways: list[str] = []

    def went(way: str) -> Callable[[object], int]:
        def run(_arguments: object) -> int:
            ways.append(way)
            return 0

        return run

    monkeypatch.setattr(headless, "run", went("headless"))
    monkeypatch.setattr(session, "run", went("window"))
    return ways


@pytest.mark.parametrize(
    ("display", "platform", "words", "expected"),
    [
        ("", "", [], "headless"),
        ("", "offscreen", [], "headless"),
        (":1", "", [], "window"),
        (":1", "offscreen", [], "headless"),
        ("", "vnc", [], "window"),
        ("", "offscreen", ["--quit-after", "1"], "window"),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_a_window_opens_where_there_is_a_display(
    taken: list[str],
    monkeypatch: pytest.MonkeyPatch,
    display: str,
    platform: str,
    words: list[str],
    expected: str,
) -> None:
    """Without one the main job is done in words and pictures, unless the window itself was asked for."""
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    assert app.main(words) == 0
    assert taken == [expected]


def test_libraries_that_lack_are_named_before_qt_is_imported(
    taken: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence instead of Qt's abort."""
    always = [library for library in system.LIBRARIES if library.purpose is system.Purpose.ALWAYS]
    monkeypatch.setattr(system, "missing", lambda: always[:1])
    assert app.main([]) == 2
    assert always[0].name in capsys.readouterr().err
    assert taken == []


def test_nothing_is_fetched(taken: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's libraries are told to stay offline before they could be imported."""
    for name in app.QUIET:
        monkeypatch.delenv(name, raising=False)
    app.main([])
    assert {name: os.environ[name] for name in app.QUIET} == app.QUIET


def test_the_log_stays_small(tmp_path: Path) -> None:
    """A view that fails sixty times a second fills no disk."""
    path = tmp_path / "attnviz.log"
    log = app.Log(path, maxBytes=app.LARGEST_LOG, backupCount=1, encoding="utf-8", delay=True)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "y" * 10_000, None, None)
    for _ in range(500):
        log.emit(record)
    log.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 2 * app.LARGEST_LOG


def test_a_log_that_can_not_be_written_is_no_news(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error is for the one sentence."""
    log = app.Log(tmp_path / "missing" / "attnviz.log", delay=True)
    log.emit(logging.LogRecord("x", logging.ERROR, __file__, 1, "y", None, None))
    assert capsys.readouterr().err == ""


def test_an_interrupt_has_the_usual_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C during a command."""

    def interrupted(_recent: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("attnviz.models.shelf.listings", interrupted)
    assert app.main(["list"]) == 130


@pytest.mark.parametrize("words", [["--help"], ["list", "--help"], ["fill-mask", "-h"], ["--version"]])
def test_help_goes_to_standard_output(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0, and the commands are named."""
    with pytest.raises(SystemExit) as ended:
        app.main(words)
    assert ended.value.code == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "attnviz" in captured.out
    if words == ["--help"]:
        assert all(name in captured.out for name in ("list", "fill-mask", "inspect", "screenshot", "doctor"))


def test_places_are_the_user_s_own(home: Path) -> None:
    """Settings and log lie where the system puts them, under the user's home."""
    assert places.settings_file().is_relative_to(home)
    assert places.log_file().is_relative_to(home)
