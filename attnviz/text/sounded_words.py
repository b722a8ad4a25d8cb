"""A file of words with their pronunciations: a word a line, and behind tabs every way in which it is said."""

from __future__ import annotations

from pathlib import Path

from attnviz.errors import TextError

Phones = tuple[str, ...]
REMARK = "#"


def sounded_words(path: Path) -> dict[str, tuple[Phones, ...]]:
    """Word → its pronunciations, in the order of the file; lines that begin with # are remarks. Raises TextError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TextError(f"The words in '{path.name}' can't be read: {error}.", "UNREADABLE") from None
    found: dict[str, tuple[Phones, ...]] = {}
    for line in lines:
        if line.startswith(REMARK):
            continue
        word, *said = line.split("\t")
        if not word or not said or not all(said):
            raise TextError(f"'{path.name}' has a word without a sound: '{line}'.", "UNREADABLE")
        found[word] = tuple(tuple(sound.split()) for sound in said)
    return found


def sounded_line(word: str, sounds: tuple[Phones, ...]) -> str:
    """A word as it stands in such a file."""
    return "\t".join([word, *(" ".join(sound) for sound in sounds)])
