"""Writing a file whole or not at all: a new file beside the old one, flushed, then renamed over it."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from attnviz.errors import ExportError, printable


def write_bytes(path: str | Path, content: bytes) -> None:
    """Put ``content`` into the file at ``path``; on any failure the old file stays as it was.

    Raises ExportError, naming the path and the reason.
    """
    target = Path(path)
    try:
        _refuse_odd_targets(target)
        _replace(target, content)
    except (OSError, ValueError) as error:
        raise ExportError(_sentence(target, error), "EXPORT_FAILED") from error


def write_text(path: str | Path, content: str) -> None:
    """Put ``content`` into the file at ``path`` as UTF-8, lone surrogates escaped; see ``write_bytes``."""
    write_bytes(path, content.encode("utf-8", "backslashreplace"))


def _refuse_odd_targets(target: Path) -> None:
    """Renaming over a device would replace the device; renaming over a folder says something unreadable."""
    if not target.name:
        raise ValueError("it has no file name")
    if not target.exists():
        return
    if target.is_dir():
        raise ValueError("it is a folder")
    if not stat.S_ISREG(target.stat().st_mode):
        raise ValueError("it is not an ordinary file")
    if not os.access(target, os.W_OK):
        raise ValueError("it is write-protected")


def _replace(target: Path, content: bytes) -> None:
    real = target.resolve()  # a link stays a link
    handle, name = tempfile.mkstemp(prefix=f".{real.name[:32]}.", suffix=".part", dir=real.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(real))
        Path(name).replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _mode(real: Path) -> int:
    """The permissions of the old file, or those of a new one under the process's umask."""
    if real.exists():
        return stat.S_IMODE(real.stat().st_mode)
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _sentence(target: Path, error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{printable(str(target), 120)} could not be written: {printable(reason, 100)}. Choose another place."
