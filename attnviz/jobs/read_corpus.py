"""The text of a file, to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from attnviz.text.plain_file import read_text
from attnviz.trace import Progress, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library


@dataclass(frozen=True, slots=True)
class Corpus(Record):
    """The text of a file."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class ReadCorpus:
    """Yield the text of a UTF-8 file as a Corpus. Raises TextError."""

    path: str

    needs_models: ClassVar[bool] = False

    def run(self, library: Library | None) -> Iterator[Record]:
        yield Progress("reading the text")
        yield Corpus(self.path, read_text(self.path))
