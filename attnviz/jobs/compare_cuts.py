"""Cut one text with several tokenizers and say where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from attnviz.errors import JobError
from attnviz.jobs.cut_text import readable_text
from attnviz.jobs.tokenizer_source import TokenizerSource
from attnviz.text.compare import compare
from attnviz.trace import Progress, Record

if TYPE_CHECKING:
    from attnviz.models.library import Library

MOST_TOKENIZERS = 16


@dataclass(frozen=True, slots=True)
class CompareCuts:
    """Yield a Notice where the text had to be changed, and the Comparison."""

    text: str
    tokenizers: tuple[TokenizerSource, ...]

    needs_models: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.tokenizers) <= MOST_TOKENIZERS:
            raise JobError(
                f"Choose 1 to {MOST_TOKENIZERS} tokenizers to compare, not {len(self.tokenizers)}.", "BAD_TOKENIZERS"
            )

    def run(self, library: Library | None) -> Iterator[Record]:
        text, notice = readable_text(self.text)
        if notice is not None:
            yield notice
        opened = []
        for done, source in enumerate(self.tokenizers):
            yield Progress("opening tokenizers", done, len(self.tokenizers))
            opened.append((yield from source.open()))
        yield compare(text, opened)
