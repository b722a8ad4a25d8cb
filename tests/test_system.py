"""The check of the operating system: complete, honest about what it finds, and runnable before anything is installed."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import PySide6
import pytest

from attnviz import system
from attnviz.system import LIBRARIES, Library, Purpose, has_display, install_line, main, missing, sentence

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt brings its own libraries elsewhere")

QT = Path(PySide6.__file__).parent / "Qt"
C_LIBRARIES = {
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libresolv.so.2",
    "libgcc_s.so.1",
}
DYNAMIC, STRING_TABLE, NEEDED = 6, 5, 1  # section type, dynamic tags


def needed(library: Path) -> set[str]:
    """The sonames in the dynamic section of a 64-bit little-endian ELF file."""
    blob = library.read_bytes()
    (offset,) = struct.unpack_from("<Q", blob, 0x28)
    size, count = struct.unpack_from("<HH", blob, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", blob, offset + index * size) for index in range(count)]
    dynamic = next(section for section in sections if section[1] == DYNAMIC)
    strings = sections[dynamic[6]][4]
    tags = struct.iter_unpack("<qQ", blob[dynamic[4] : dynamic[4] + dynamic[5]])
    names = [strings + value for tag, value in tags if tag == NEEDED]
    return {blob[start : blob.index(b"\0", start)].decode() for start in names}


def foreign(*libraries: str) -> set[str]:
    """What these files of Qt need that Qt doesn't bring and that every Linux system doesn't have."""
    names = set[str]().union(*(needed(QT / library) for library in libraries))
    return {name for name in names if not name.startswith(("libQt6", "libicu", "ld-linux"))} - C_LIBRARIES


def known(*purposes: Purpose) -> set[str]:
    return {library.name for library in LIBRARIES if library.purpose in purposes}


@linux
def test_every_library_that_drawing_needs_is_known() -> None:
    """What Qt's own files name in their headers stands in our table as always needed."""
    libraries = ("Core", "Gui", "Widgets", "DBus", "Svg", "Test", "OpenGL", "OpenGLWidgets", "PrintSupport")
    plugins = (
        "plugins/platforms/libqoffscreen.so",
        "plugins/imageformats/libqsvg.so",
        "plugins/imageformats/libqjpeg.so",
    )
    assert foreign(*(f"lib/libQt6{name}.so.6" for name in libraries), *plugins) <= known(Purpose.ALWAYS)


@linux
@pytest.mark.parametrize(
    "plugin,purpose", [("libqxcb.so", Purpose.X11), ("libqwayland.so", Purpose.WAYLAND), ("libqvnc.so", Purpose.VNC)]
)
def test_every_library_of_a_platform_is_known(plugin: str, purpose: Purpose) -> None:
    """Each platform plugin needs what is always needed and what we list for it."""
    extra = ("lib/libQt6Network.so.6",) if purpose is Purpose.VNC else ()
    assert foreign(f"plugins/platforms/{plugin}", *extra) <= known(Purpose.ALWAYS, purpose)


@linux
def test_what_the_linker_finds_is_not_missing() -> None:
    """These tests draw, so nothing that drawing needs can be missing."""
    assert missing([Purpose.ALWAYS]) == ()


@linux
def test_what_the_linker_cannot_find_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A soname that no system has is reported, with everything that is known about it."""
    ghost = Library("libattnviz-ghost.so.9", Purpose.X11, "libghost9", "ghost", "ghost")
    monkeypatch.setattr(system, "LIBRARIES", (*LIBRARIES, ghost))
    assert ghost in missing([Purpose.X11])
    assert ghost not in missing([Purpose.ALWAYS])


def test_nothing_is_missing_where_qt_brings_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS and Windows the question doesn't arise."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert missing(present=lambda name: False) == ()


@pytest.mark.parametrize(
    "manager,line",
    [
        ("apt-get", "sudo apt-get install -y --no-install-recommends libegl1 libgl1"),
        ("dnf", "sudo dnf install -y libglvnd-egl libglvnd-glx"),
        ("pacman", "sudo pacman -S --needed libglvnd"),
        (None, "install with your package manager: libEGL.so.1, libGL.so.1"),
    ],
)
def test_install_line_speaks_the_local_package_manager(
    manager: str | None, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is ready to paste and names each package once."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == manager else None)
    assert install_line(LIBRARIES[:2]) == line


def test_nothing_missing_needs_no_words() -> None:
    """No library, no line, no sentence."""
    assert install_line(()) == sentence(()) == ""


def test_the_sentence_names_library_purpose_and_cure() -> None:
    """One line says what is missing, what for, and how to mend it."""
    words = sentence(LIBRARIES[:1])
    assert "libEGL.so.1" in words
    assert Purpose.ALWAYS in words
    assert install_line(LIBRARIES[:1]) in words
    assert "\n" not in words


@linux
@pytest.mark.parametrize("lacking,status", [("libGL.so.1", 2), ("libxcb-cursor.so.0", 0), (None, 0)])
def test_only_what_is_always_needed_stops_the_set_up(
    lacking: str | None, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 2 for a library without which nothing is drawn; the sentence comes either way."""
    libraries = tuple(library for library in LIBRARIES if library.name == lacking)
    monkeypatch.setattr(system, "missing", lambda: libraries)
    assert main([]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (sentence(libraries) + "\n" if libraries else "")


@linux
def test_installing_is_left_to_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else than root is shown the line; no program is started."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system, "missing", lambda: LIBRARIES[-1:])
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: pytest.fail("started a program"))
    assert main(["--install"]) == 0
    assert LIBRARIES[-1].debian in capsys.readouterr().err


@linux
@pytest.mark.parametrize("failure", [FileNotFoundError("apt-get"), subprocess.TimeoutExpired("apt-get", 1.0)])
def test_a_failing_package_manager_ends_in_the_sentence(
    failure: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Root without a network gets the same words as everybody, and no traceback."""

    def fail(*arguments: object, **options: object) -> None:
        raise failure

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(system, "missing", lambda: LIBRARIES[:1])
    monkeypatch.setattr(subprocess, "run", fail)
    assert main(["--install"]) == 2
    assert capsys.readouterr().err.endswith(sentence(LIBRARIES[:1]) + "\n")


def test_fonts_are_found_without_fontconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A font file in a font folder counts, and its name tells whether it has Chinese characters."""
    monkeypatch.setattr(system, "FONT_FOLDERS", (str(tmp_path),))
    assert not system.present(system.FONT)
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "Plain.TTF").touch()
    assert system.present(system.FONT)
    assert not system.present(system.CJK_FONT)
    (tmp_path / "NotoSansCJK-Regular.ttc").touch()
    assert system.present(system.CJK_FONT)


@linux
@pytest.mark.parametrize(
    "environment,shown",
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, False),
        ({"QT_QPA_PLATFORM": "vnc:size=1280x800"}, True),
        ({"QT_QPA_PLATFORM": "xcb"}, False),
        ({"QT_QPA_PLATFORM": "wayland;xcb", "DISPLAY": ":1"}, True),
        ({"QT_QPA_PLATFORM": "wayland-egl"}, False),
    ],
)
def test_a_display_is_what_qt_can_open_a_window_on(environment: dict[str, str], shown: bool) -> None:
    """X, Wayland, or a platform that was asked for by name and needs neither."""
    assert has_display(environment) is shown


def test_runs_as_a_script_with_nothing_installed(root: Path, tmp_path: Path) -> None:
    """Isolated, without site-packages and from another folder, it ends with 0 or 2 and never with a traceback."""
    script = root / "attnviz" / "system.py"
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode in {0, 2}
    assert "Traceback" not in run.stderr
