"""Pieces made readable: bytes decoded, parts of characters in hexadecimal, white space visible."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

_SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u3000": "␣"}
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_SPACE = "▁"


@cache
def letters_of_bytes() -> tuple[str, ...]:
    """GPT-2's printable letter for each of the 256 bytes (Radford et al. 2019): printable Latin-1 for itself, others from U+0100."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in plain)
    return tuple(map(chr, _merged(plain, {byte: 0x100 + number for number, byte in enumerate(others)})))


def _merged(plain: list[int], moved: Mapping[int, int]) -> list[int]:
    return [byte if byte in plain else moved[byte] for byte in range(256)]


@cache
def bytes_of_letters() -> dict[str, int]:
    return {letter: byte for byte, letter in enumerate(letters_of_bytes())}


def visible(text: str) -> str:
    """``text`` with white space shown by signs and control characters escaped."""
    return "".join(
        _SIGNS.get(char) or (char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode())
        for char in text
    )


def label_of_bytes(raw: bytes) -> str:
    """UTF-8 decoded as far as it goes; bytes that are a part of a character only stand as ⟨E4 BD⟩."""
    shown = []
    while raw:
        try:
            shown.append(visible(raw.decode()))
            break
        except UnicodeDecodeError as error:
            shown.append(visible(raw[: error.start].decode()))
            stop = error.end
            while stop < len(raw) and 0x80 <= raw[stop] < 0xC0:
                stop += 1
            shown.append(f"⟨{raw[error.start : stop].hex(' ').upper()}⟩")
            raw = raw[stop:]
    return "".join(shown)


def is_partial(raw: bytes) -> bool:
    """True if the bytes begin or end within a character."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return True
    return False


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a tokenizer writes its pieces: GPT-2's letters for bytes, ▁ for a space, a prefix within words, an end of words."""

    bytewise: bool = False
    spaces: bool = False
    prefix: str = ""
    suffix: str = ""
    fallback: bool = False

    def raw(self, piece: str) -> bytes:
        """The bytes of UTF-8 that a piece stands for."""
        if self.bytewise:
            table = bytes_of_letters()
            if all(letter in table for letter in piece):
                return bytes(map(table.__getitem__, piece))
        if self.fallback and (found := _BYTE.fullmatch(piece)):
            return bytes([int(found[1], 16)])
        own = piece.removeprefix(self.prefix).removesuffix(self.suffix) or piece
        return (own.replace(_SPACE, " ") if self.spaces else own).encode("utf-8", "replace")

    def label(self, piece: str) -> str:
        """What a reader is shown; the prefix and the end of words stay, since they tell pieces apart."""
        if self.bytewise or (self.fallback and _BYTE.fullmatch(piece)):
            return label_of_bytes(self.raw(piece))
        return visible(piece.replace(_SPACE, " ") if self.spaces else piece)


def spelling(alphabet: str) -> Spelling:
    """How a learned tokenizer of this alphabet writes its pieces."""
    return Spelling(bytewise=alphabet == "bytes")


def spelling_of(found: Mapping[str, Any]) -> Spelling:
    """How the tokenizer of this tokenizer.json writes its pieces."""
    model = found["model"]
    kinds = {
        step.get("type") for part in ("pre_tokenizer", "normalizer", "decoder") for step in _steps(found.get(part))
    }
    return Spelling(
        bytewise="ByteLevel" in kinds,
        spaces="Metaspace" in kinds or any(_SPACE in str(step) for step in _steps(found.get("normalizer"))),
        prefix=model.get("continuing_subword_prefix") or "",
        suffix=model.get("end_of_word_suffix") or "",
        fallback=bool(model.get("byte_fallback")),
    )


def _steps(part: Any) -> list[dict[str, Any]]:
    """A section's steps, Sequences unfolded."""
    if not part:
        return []
    if part.get("type") != "Sequence":
        return [part]
    children = next((value for value in part.values() if isinstance(value, list)), [])
    return [step for child in children for step in _steps(child)]
