"""A file is written whole or not at all, and a failure names the path and the reason."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from attnviz.errors import ExportError
from attnviz.export.atomic import write_bytes, write_text

posix = pytest.mark.skipif(sys.platform == "win32", reason="devices and modes are those of POSIX")


def test_a_new_file_holds_what_was_written(tmp_path: Path) -> None:
    """Text is UTF-8, and nothing else lies in the folder."""
    write_text(tmp_path / "new.txt", "ä → ∞")
    assert (tmp_path / "new.txt").read_bytes() == "ä → ∞".encode()
    assert list(tmp_path.iterdir()) == [tmp_path / "new.txt"]


def test_a_lone_surrogate_is_written_escaped(tmp_path: Path) -> None:
    """No token makes a file impossible."""
    write_text(tmp_path / "odd.txt", "a\ud800b")
    assert (tmp_path / "odd.txt").read_text("utf-8") == "a\\ud800b"


@pytest.mark.parametrize(("owner", "call"), [(os, "fsync"), (Path, "replace")])
def test_f04_a_failure_while_writing_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, call: str
) -> None:
    """A disk that is full when it is flushed costs nothing."""
    target = tmp_path / "kept.csv"
    target.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owner, call, full)
    with pytest.raises(ExportError, match=r"kept\.csv could not be written: No space left on device"):
        write_bytes(target, b"new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@posix
def test_f04_a_full_device_is_refused(tmp_path: Path) -> None:
    """A device is never replaced by a file."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(ExportError, match="/dev/full could not be written: it is not an ordinary file"):
        write_bytes(full, b"x")
    assert stat.S_ISCHR(full.stat().st_mode)


def test_f04_a_folder_is_refused(tmp_path: Path) -> None:
    """The path of a folder is no file's."""
    with pytest.raises(ExportError, match="it is a folder"):
        write_bytes(tmp_path, b"x")


def test_f04_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The reason is the system's own."""
    with pytest.raises(ExportError, match="No such file or directory"):
        write_bytes(tmp_path / "no" / "where.csv", b"x")


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="nothing is write-protected for the superuser")
def test_f04_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    """Read-only stays read-only."""
    tmp_path.chmod(0o500)
    with pytest.raises(ExportError, match="Permission denied"):
        write_bytes(tmp_path / "x.csv", b"x")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 300 + ".csv", ""])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever was typed is answered with one sentence."""
    with pytest.raises(ExportError, match="could not be written"):
        write_bytes(tmp_path / name, b"x")


@posix
def test_permissions_and_links_survive(tmp_path: Path) -> None:
    """A link still points to the same file, which keeps its mode."""
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
