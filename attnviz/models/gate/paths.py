"""A stranger's folder: only plain files that really lie in it are opened, and each one's identity is kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from attnviz.errors import CheckpointError, printable

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
# Without O_NONBLOCK, opening a FIFO would wait for ever; Windows has neither flag.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOCTTY", 0)
)


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """A file in the folder as it was when it was examined."""

    name: str
    device: int
    inode: int
    size: int
    mtime_ns: int


class Folder:
    """A folder that the user picked. Files are asked for by plain name; links that lead out of it are refused."""

    def __init__(self, path: Path) -> None:
        self.path = _existing(path)
        self._roots = (self.path, *_cache_roots(self.path))
        self._identities: dict[str, FileIdentity] = {}

    @property
    def identities(self) -> tuple[FileIdentity, ...]:
        """Every file that was opened so far, as it was then."""
        return tuple(self._identities.values())

    def __contains__(self, name: object, /) -> bool:
        """True if there is anything of that name, be it a file or not."""
        return isinstance(name, str) and os.path.lexists(self.path / name)

    def read(self, name: str, most: int, code: str) -> bytes:
        """All bytes of the file; raises CheckpointError with ``code`` if there are more than ``most``."""
        with self.open(name) as (stream, size):
            if size > most:
                sentence = f"{printable(name)} is {_size(size)}, more than the {_size(most)} such a file may have."
                raise CheckpointError(sentence, code)
            return stream.read(most)

    @contextmanager
    def open(self, name: str) -> Iterator[tuple[BinaryIO, int]]:
        """The file's stream and its size; raises CheckpointError NOT_A_REGULAR_FILE or PATH_ESCAPES_FOLDER."""
        target = self._resolve(name)
        try:
            descriptor = os.open(target, _FLAGS)
        except OSError as error:
            raise unopenable(name, error) from None
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise _not_regular(name)
            identity = identify(name, status)
            if self._identities.setdefault(name, identity) != identity:
                raise CheckpointError(f"{printable(name)} changed while it was read; try again.", "CHANGED_ON_DISK")
            try:
                yield stream, status.st_size
            except OSError as error:
                raise unopenable(name, error) from None

    def _resolve(self, name: str) -> str:
        check_plain(name)
        try:
            target = os.path.realpath(self.path / name, strict=True)
            status = os.lstat(target)
        except (OSError, ValueError) as error:
            raise unopenable(name, error) from None
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular(name)
        if not any(Path(target).is_relative_to(root) for root in self._roots):
            raise CheckpointError(
                f"{printable(name)} is a link that leads out of the folder; copy the real file into it.",
                "PATH_ESCAPES_FOLDER",
            )
        return target


def check_plain(name: str) -> None:
    """Refuse a name that is a path, or that some system would take for one."""
    parts = name.replace("\\", "/").split("/")
    if len(parts) != 1 or name in ("", ".", "..") or ":" in name or not name.isprintable() or len(name) > 255:
        sentence = (
            f"The file name {printable(name)!r} points out of the folder; a checkpoint may only name its own files."
        )
        raise CheckpointError(sentence, "PATH_ESCAPES_FOLDER")


def identify(name: str, status: os.stat_result) -> FileIdentity:
    """What tells whether a file is still the same one."""
    return FileIdentity(name, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def unopenable(name: str, error: Exception) -> CheckpointError:
    """The error for a file that the system won't give us."""
    reason = "may not be read: its permissions forbid it" if isinstance(error, PermissionError) else "can't be read"
    if isinstance(error, FileNotFoundError):
        reason = "is missing, or is a link to nothing"
    return CheckpointError(f"{printable(name)} {reason}; check the file in the folder.", "NOT_A_REGULAR_FILE")


def _not_regular(name: str) -> CheckpointError:
    sentence = f"{printable(name)} is not a regular file (but a folder, pipe or device); replace it by the real file."
    return CheckpointError(sentence, "NOT_A_REGULAR_FILE")


def _existing(path: Path) -> Path:
    shown = printable(str(path), 120)
    try:
        real = Path(os.path.realpath(path, strict=True))
        mode = real.stat().st_mode
    except (OSError, ValueError):
        raise CheckpointError(
            f"There is no folder {shown}; pick a folder that holds a checkpoint.", "FOLDER_MISSING"
        ) from None
    if stat.S_ISDIR(mode):
        return real
    if real.suffix.lower() in ARCHIVES:
        raise CheckpointError(f"{shown} is an archive; please unpack first, then open the folder.", "NEEDS_UNPACKING")
    raise CheckpointError(f"{shown} is not a folder; pick the folder that holds config.json.", "NOT_A_FOLDER")


def _cache_roots(folder: Path) -> tuple[Path, ...]:
    """Where links may lead when the folder is a snapshot in a Hugging Face cache: its own models--… tree."""
    for parent in folder.parents:
        if parent.name.startswith("models--") and folder.is_relative_to(parent / "snapshots"):
            return (parent,)
    return ()


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count} bytes"
