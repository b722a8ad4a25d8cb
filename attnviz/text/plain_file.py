"""A file that a person named: regular, not too large, and text."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from attnviz.errors import TextError, printable

LARGEST = 16 * 2**20
# Without O_NONBLOCK, opening a FIFO would wait for ever; Windows has neither flag.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_bytes(path: str, most: int = LARGEST, *, cut: bool = False, wanted: str = "text file") -> bytes:
    """All bytes of a regular file, or the first ``most`` of a larger one if it may be ``cut``; raises TextError naming what is wrong with it.

    ``wanted`` is what the person should name instead.
    """
    name = printable(Path(path).name or path, 80)
    try:
        descriptor = os.open(path, _FLAGS)
    except (OSError, ValueError) as error:
        reason = "may not be read: its permissions forbid it" if isinstance(error, PermissionError) else "can't be read"
        reason = "doesn't exist" if isinstance(error, FileNotFoundError) else reason
        raise TextError(f"The file {name} {reason}; name a {wanted}.", "FILE_UNREADABLE") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise TextError(f"{name} is no file (but a folder, pipe or device); name a {wanted}.", "NOT_A_FILE")
    with os.fdopen(descriptor, "rb") as stream:
        size = status.st_size
        if size > most and not cut:
            way_out = "take a part of it" if wanted == "text file" else "use a smaller one"
            sentence = f"The file {name} has {size / 2**20:.1f} MiB, more than the {most / 2**20:.0f} MiB that are read; {way_out}."
            raise TextError(sentence, "FILE_TOO_BIG")
        try:
            return stream.read(most)
        except OSError:
            raise TextError(f"The file {name} can't be read.", "FILE_UNREADABLE") from None


def read_text(path: str, most: int = LARGEST, *, cut: bool = False) -> str:
    """The text of a UTF-8 file; raises TextError where it is binary."""
    raw = read_bytes(path, most, cut=cut)
    name = printable(Path(path).name, 80)
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(raw, final=len(raw) < most)
    except UnicodeDecodeError as error:
        raise TextError(
            f"The file {name} is not UTF-8 text (byte {error.start:,}); save it as UTF-8.", "BINARY_FILE"
        ) from None
    if "\0" in text:
        raise TextError(f"The file {name} is binary, not text.", "BINARY_FILE")
    return text
