"""What-if edits as one line of text, read and written: ``drop-head 3.5``, ``cross: hide-token 4 in 2``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from attnviz.edits.inside import (
    SITES,
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    PatchHidden,
    ReplaceToken,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.edits.wishes import PatchFromText, ReplaceWord
from attnviz.errors import JobError, printable

if TYPE_CHECKING:
    from attnviz.edits import InsideWish

GRAMMAR = """\
L is a layer, H a head, P a position; all count from 0. Where [in L] is left out, all layers are meant.
  drop-head L.H [mean]              what the head gives to W_O is zero, or its mean over the tokens
  set-row L.H P = 0.1,0.9,...       the attention of that head from token P; one weight per token, sum 1
  hide-token P [in L]               no attention goes to token P
  unscaled [in L]                   scores are not divided by the root of d_k
  temperature T [in L]              scores are divided by T before the softmax (0.01 to 100)
  uniform L[.H]                     attention is the same to every token
  drop-ffn L                        the feed-forward network adds nothing
  drop-layer L                      what leaves the layer is what entered it
  patch-hidden L.P from "TEXT" P2   the state of token P that enters layer L is that of token P2 of TEXT
  patch-hidden L.P = 0.1,-2,...     the same, number by number
  replace-token P = WORD            the token is WORD, one piece of the vocabulary ("#123" is the one with that id)
Before any of them "encoder:" (which is meant otherwise), "decoder:" or "cross:" says whose attention, layer or token it is."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
_COUNT = re.compile(r"\d{1,9}(?!\d)")
_WORD = re.compile(r"[a-z-]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ID = re.compile(r"#(\d{1,9})$")
_T = TypeVar("_T")


def parse_edit(text: str) -> InsideWish:
    """The edit that a line says. Raises JobError ``BAD_EDIT_TEXT`` that names the position (from 1) of what is wrong."""
    reader = _Reader(text)
    site = reader.site()
    name = reader.word("an edit such as drop-head")
    if name not in _FORMS:
        raise reader.wrong(f"there is no edit '{printable(name, 20)}'; known: {', '.join(_FORMS)}", reader.last)
    wish = _FORMS[name](reader, site)
    reader.end()
    return wish


def written(wish: InsideWish) -> str:
    """The line that says an edit; ``parse_edit`` reads the same edit from it."""
    return ("" if wish.site == "encoder" else f"{wish.site}: ") + _written(wish)


def _written(wish: InsideWish) -> str:
    match wish:
        case DropHead(layer, head, how):
            return f"drop-head {layer}.{head}" + (" mean" if how == "mean" else "")
        case SetRow(layer, head, query, weights):
            return f"set-row {layer}.{head} {query} = {_list(weights)}"
        case HideToken(position, layer):
            return f"hide-token {position}{_within(layer)}"
        case Unscaled(layer):
            return f"unscaled{_within(layer)}"
        case Temperature(value, layer):
            return f"temperature {value!r}{_within(layer)}"
        case Uniform(layer, head):
            return f"uniform {layer}" + ("" if head is None else f".{head}")
        case DropFeedForward(layer):
            return f"drop-ffn {layer}"
        case DropLayer(layer):
            return f"drop-layer {layer}"
        case PatchHidden(layer, position, values):
            return f"patch-hidden {layer}.{position} = {_list(values)}"
        case PatchFromText(layer, position, text, source):
            return f"patch-hidden {layer}.{position} from {_quoted(text)} {source}"
        case ReplaceToken(position, number):
            return f"replace-token {position} = #{number}"
        case ReplaceWord(position, word):
            plain = not re.search(r'["\s]', word) and not _ID.match(word)
            return f"replace-token {position} = {word if plain else _quoted(word)}"


class _Reader:
    """Goes through one line from left to right; ``last`` is where what was read last began."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.last = 0
        self._skip()

    def wrong(self, what: str, at: int | None = None) -> JobError:
        place = (self.at if at is None else at) + 1
        shown = printable(self.text, 60)
        return JobError(f"The edit '{shown}' can't be read at character {place}: {what}.", "BAD_EDIT_TEXT")

    def site(self) -> str:
        found = re.match(rf"({'|'.join(SITES)})\s*:", self.text[self.at :])
        if found is None:
            return "encoder"
        self._go(found.end())
        return found[1]

    def word(self, wanted: str) -> str:
        found = self._match(_WORD)
        if found is None:
            raise self.wrong(f"expected {wanted}")
        return found[0]

    def count(self, what: str) -> int:
        found = self._match(_COUNT)
        if found is None:
            raise self.wrong(f"expected {what}, a whole number from 0 on")
        return int(found[0])

    def number(self, what: str) -> float:
        found = self._match(_NUMBER)
        if found is None:
            raise self.wrong(f"expected {what}, a number")
        return float(found[0])

    def numbers(self, what: str) -> tuple[float, ...]:
        found = [self.number(what)]
        while self.has(","):
            found.append(self.number(what))
        return tuple(found)

    def quoted(self) -> str:
        found = self._match(_QUOTED)
        if found is None:
            raise self.wrong('expected a text in "quotes"')
        return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL)

    def rest(self) -> str:
        """What is left of the line: a quoted text, or all of it."""
        if self.text[self.at : self.at + 1] == '"':
            return self.quoted()
        found = self.text[self.at :].strip()
        if not found:
            raise self.wrong("expected a word")
        self.last = self.at
        self.at = len(self.text)
        return found

    def has(self, sign: str) -> bool:
        """Whether the next thing is ``sign``, which is then passed; a word must end there."""
        here = self.text.startswith(sign, self.at)
        if here and sign.isalpha():
            here = not self.text[self.at + len(sign) : self.at + len(sign) + 1].isalnum()
        if here:
            self._go(len(sign))
        return here

    def expect(self, sign: str) -> None:
        if not self.has(sign):
            raise self.wrong(f"expected '{sign}'")

    def end(self) -> None:
        if self.at < len(self.text):
            raise self.wrong(f"expected nothing more, and found '{printable(self.text[self.at :], 20)}'")

    def made(self, make: Callable[[], _T]) -> _T:
        """What ``make`` makes of what was read; its refusal is told with the place where that began."""
        try:
            return make()
        except JobError as error:
            raise self.wrong(error.sentence[:1].lower() + error.sentence[1:].rstrip("."), self.last) from error

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self._go(found.end() - self.at)
        return found

    def _go(self, characters: int) -> None:
        self.last = self.at
        self.at += characters
        self._skip()

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1


def _pair(reader: _Reader, second: str) -> tuple[int, int]:
    first = reader.count("a layer")
    reader.expect(".")
    return first, reader.count(second)


def _layer(reader: _Reader) -> int | None:
    return reader.count("a layer") if reader.has("in") else None


def _drop_head(reader: _Reader, site: str) -> InsideWish:
    layer, head = _pair(reader, "a head")
    how = "mean" if reader.has("mean") else "zero"
    return reader.made(lambda: DropHead(layer, head, how, site))


def _set_row(reader: _Reader, site: str) -> InsideWish:
    layer, head = _pair(reader, "a head")
    query = reader.count("a position")
    reader.expect("=")
    start, weights = reader.at, reader.numbers("a weight")
    reader.last = start
    return reader.made(lambda: SetRow(layer, head, query, weights, site))


def _temperature(reader: _Reader, site: str) -> InsideWish:
    start, value = reader.at, reader.number("a temperature")
    layer = _layer(reader)
    reader.last = start
    return reader.made(lambda: Temperature(value, layer, site))


def _uniform(reader: _Reader, site: str) -> InsideWish:
    layer = reader.count("a layer")
    head = reader.count("a head") if reader.has(".") else None
    return Uniform(layer, head, site)


def _patch(reader: _Reader, site: str) -> InsideWish:
    layer, position = _pair(reader, "a position")
    if reader.has("="):
        start, values = reader.at, reader.numbers("a value")
        reader.last = start
        return reader.made(lambda: PatchHidden(layer, position, values, "", site))
    reader.expect("from")
    text = reader.quoted()
    source = reader.count("a position")
    return reader.made(lambda: PatchFromText(layer, position, text, source, site))


def _replace(reader: _Reader, site: str) -> InsideWish:
    position = reader.count("a position")
    reader.expect("=")
    bare = reader.text[reader.at : reader.at + 1] != '"'
    word = reader.rest()
    if bare and (number := _ID.match(word)) is not None:
        return reader.made(lambda: ReplaceToken(position, int(number[1]), site))
    return reader.made(lambda: ReplaceWord(position, word, site))


_FORMS: dict[str, Callable[[_Reader, str], InsideWish]] = {
    "drop-head": _drop_head,
    "set-row": _set_row,
    "hide-token": lambda reader, site: HideToken(reader.count("a position"), _layer(reader), site),
    "unscaled": lambda reader, site: Unscaled(_layer(reader), site),
    "temperature": _temperature,
    "uniform": _uniform,
    "drop-ffn": lambda reader, site: _stacked(reader, DropFeedForward, site),
    "drop-layer": lambda reader, site: _stacked(reader, DropLayer, site),
    "patch-hidden": _patch,
    "replace-token": _replace,
}


def _stacked(reader: _Reader, kind: type[DropFeedForward | DropLayer], site: str) -> InsideWish:
    layer = reader.count("a layer")
    return reader.made(lambda: kind(layer, site))


def _within(layer: int | None) -> str:
    return "" if layer is None else f" in {layer}"


def _list(values: tuple[float, ...]) -> str:
    return ",".join(map(repr, map(float, values)))


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
