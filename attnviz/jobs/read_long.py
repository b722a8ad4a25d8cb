"""Read a text that may be longer than the model reads: as far as it goes, or through windows that slide over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.jobs.fill_mask import MOST_CANDIDATES, require_masks
from attnviz.text.windows import room_in
from attnviz.trace import Record, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class ReadLong:
    """Yield the Tokens uncut, the Windows, and Candidates for the masks that a window holds, at most 32.

    A second line belongs to the same text. Without a ``stride`` there is one window, at the beginning: the rest is cut off, as FillMask
    cuts it; one that is larger than a window is as large as it. ``masked`` counts in code points, as in FillMask.
    """

    checkpoint: Reference
    text: str
    masked: tuple[Span, ...] = ()
    stride: int | None = None
    top: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MOST_CANDIDATES:
            raise JobError(
                f"The number of candidates must lie between 1 and {MOST_CANDIDATES}, not {self.top}.", "BAD_TOP"
            )

    def run(self, library: Library) -> Iterator[Record]:
        from attnviz.models.windowed import read_windows  # noqa: PLC0415 - imports torch: only where a model runs

        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        tokens = checkpoint.codec.encode(self.text, None, self.masked)
        yield tokens
        if tokens.masks:
            yield from require_masks(checkpoint, tokens)
        room = room_in(tokens, checkpoint.model.config.longest)
        stride = None if self.stride is None else min(self.stride, room)
        yield from read_windows(checkpoint, tokens, stride, self.top)
