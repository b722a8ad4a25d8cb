"""The input as the model sees it."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace.record import Record, Site, Slot, Span


@dataclass(frozen=True, slots=True)
class Tokens(Record):
    """The input as the model sees it; every tuple has one entry per token.

    ``pieces`` are the vocabulary's own strings, ``labels`` the readable form. ``spans`` are (start, end) in code
    points of ``joint``, None for tokens that the template added. ``words`` numbers the words of the text, None for
    added tokens. ``originals`` holds the id that was masked away, None elsewhere. ``total`` counts the tokens before
    truncation.
    """

    text: str
    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    labels: tuple[str, ...]
    spans: tuple[Span | None, ...]
    segments: tuple[int, ...]
    special: tuple[bool, ...]
    words: tuple[int | None, ...]
    masks: tuple[int, ...] = ()
    originals: tuple[int | None, ...] = ()
    original_labels: tuple[str | None, ...] = ()
    pair: str | None = None
    total: int = 0
    site: Site = Site.ENCODER

    def __post_init__(self) -> None:
        lengths = {
            len(part)
            for part in (self.ids, self.pieces, self.labels, self.spans, self.segments, self.special, self.words)
        }
        if len(lengths) != 1:
            raise ValueError(f"token tuples differ in length: {sorted(lengths)}")

    @property
    def slot(self) -> Slot:
        return (Tokens, self.site)

    @property
    def joint(self) -> str:
        """The text as the user wrote it: the second sentence, if any, on a line of its own."""
        return self.text if self.pair is None else f"{self.text}\n{self.pair}"

    def __len__(self) -> int:
        return len(self.ids)
