"""Cut a text with one tokenizer, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from attnviz.jobs.tokenizer_source import TokenizerSource
from attnviz.text.clean import LONGEST, well_formed
from attnviz.trace import Notice, Progress, Record

if TYPE_CHECKING:
    from attnviz.models.library import Library


@dataclass(frozen=True, slots=True)
class CutText:
    """Yield the Cut; a Notice says what was changed in the text (lone surrogates, length) or left out (steps)."""

    text: str
    tokenizer: TokenizerSource
    steps: bool = True

    needs_models: ClassVar[bool] = False

    def run(self, library: Library | None) -> Iterator[Record]:
        yield Progress("opening the tokenizer")
        pipeline = yield from self.tokenizer.open()
        text, notice = readable_text(self.text)
        if notice is not None:
            yield notice
        yield from pipeline.cut(text, steps=self.steps)


def readable_text(text: str) -> tuple[str, Notice | None]:
    """``text`` fit for any tokenizer, and the remark on what had to be changed."""
    whole, replaced = well_formed(text)
    parts = []
    if replaced:
        parts.append(f"{replaced:,} invalid characters were replaced by \ufffd")
    if len(whole) > LONGEST:
        parts.append(f"the text is cut at {LONGEST:,} characters; {len(whole) - LONGEST:,} are left out")
    return whole[:LONGEST], Notice("text", "; ".join(parts).capitalize() + ".") if parts else None
