"""How byte-pair encoding learned its merges, what the vocabulary did meanwhile, and why one learns pieces at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.record import Record, Slot, Span

Counts = NDArray[np.int64]
NEVER = 2**31 - 1
"""The moment of a border between two symbols that no merge removes."""


def _lock(*arrays: NDArray[np.generic]) -> None:
    for array in arrays:
        array.flags.writeable = False


@dataclass(frozen=True, slots=True)
class Merge:
    """One rule: ``left`` and ``right`` become ``piece``, because they stood side by side ``count`` times in the corpus.

    ``runner_up`` is the pair that came second then, None when no other was left. All strings are the vocabulary's own;
    ``attnviz.text.readable.label`` shows them.
    """

    rank: int
    left: str
    right: str
    piece: str
    count: int
    runner_up: tuple[str, str] | None = None
    runner_up_count: int = 0


@dataclass(frozen=True, slots=True)
class Merges(Record):
    """Merges in order of rank from ``start`` on: one chunk of a history that grows while it is learned."""

    start: int
    merges: tuple[Merge, ...]

    @property
    def slot(self) -> Slot:
        return (Merges, self.start)


@dataclass(frozen=True, slots=True)
class Curves(Record):
    """Numbers after 0, 1, 2 … merges (arrays of one more entry than there are merges), for the whole corpus.

    ``vocabulary`` counts pieces, ``tokens`` the pieces that the corpus is cut into. ``words`` is the number of words between
    white space, ``characters`` the number of code points in pre-tokens.
    """

    vocabulary: Counts
    tokens: Counts
    words: int
    characters: int

    def __post_init__(self) -> None:
        _lock(self.vocabulary, self.tokens)

    @property
    def merges(self) -> int:
        return len(self.tokens) - 1

    def tokens_per_word(self) -> NDArray[np.float64]:
        """Fertility: how many tokens a word costs, after each merge."""
        return self.tokens / max(1, self.words)

    def characters_per_token(self) -> NDArray[np.float64]:
        """Compression: how many characters a token carries, after each merge."""
        return self.characters / np.maximum(1, self.tokens)


@dataclass(frozen=True, slots=True)
class Learned(Record):
    """A learned tokenizer. ``pairs`` are its merges by rank; ``symbols`` the alphabet, whose ids are 0, 1, 2 …

    ``alphabet`` is "chars" or "bytes", ``pre_tokenizer`` one of ``attnviz.text.pretokens.PRE_TOKENIZERS``. ``complete`` is false when
    the corpus gave fewer merges than were asked for. ``json`` is what a tokenizer.json holds.
    """

    alphabet: str
    pre_tokenizer: str
    symbols: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    json: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """Words of one stem with the pieces that each is cut into, as labels; ``shared`` are the pieces that all have."""

    stem: str
    words: tuple[str, ...]
    pieces: tuple[tuple[str, ...], ...]
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Of ``pairs`` word pairs of one ``kind`` in the corpus (such as "word, words"), ``shared`` have a first piece in common."""

    kind: str
    pairs: int
    shared: int

    @property
    def share(self) -> float | None:
        """In [0, 1]; None where the corpus has no such pair."""
        return self.shared / self.pairs if self.pairs else None


@dataclass(frozen=True, slots=True)
class Why(Record):
    """Whole words against pieces, learned on one text and tried on another that was held out.

    The vocabularies of ``sizes`` entries hold the most frequent words of the corpus; ``unknown`` gives the share of
    held-out words that each lacks, which falls with size. ``unknown_bpe`` is the share of words with a character that
    the alphabet lacks. ``families`` are examples, ``sharings`` counts over the corpus.
    """

    words: int
    pieces: int
    held_out: int
    unknown_words: float
    unknown_bpe: float
    tokens_per_word: float
    sizes: Counts
    unknown: NDArray[np.float64]
    families: tuple[Family, ...] = ()
    sharings: tuple[Sharing, ...] = ()

    def __post_init__(self) -> None:
        _lock(self.sizes, self.unknown)


@dataclass(frozen=True, slots=True)
class MergeTree:
    """How a piece was made: of ``left`` and ``right`` by the merge of this ``rank``; a symbol of the alphabet has neither.

    ``span`` is in code points of the text that the piece was found in.
    """

    piece: str
    span: Span
    rank: int | None = None
    left: MergeTree | None = None
    right: MergeTree | None = None


@dataclass(frozen=True, slots=True)
class Timeline(Record):
    """One text through all merges. The border after symbol i stands until merge ``closes[i]`` (a rank) removes it.

    After ``done`` merges (ranks 0 … done - 1) the pieces are what lies between the borders that still stand.
    ``spans`` are (symbols, 2) code points of ``text``; ``ranks`` are the ranks of the merges themselves, which differ from
    ``closes`` only where a merge had to wait for a later one (after an edit); ``order`` numbers the merges as applied.
    The border after the last symbol of a pre-token never closes: NEVER.
    """

    text: str
    symbols: tuple[str, ...]
    spans: NDArray[np.int32]
    closes: NDArray[np.int32]
    ranks: NDArray[np.int32]
    order: NDArray[np.int32]

    def __post_init__(self) -> None:
        _lock(self.spans, self.closes, self.ranks, self.order)

    def bounds(self, done: int) -> NDArray[np.int64]:
        """Where pieces end after ``done`` merges: (pieces,) numbers of symbols, ascending."""
        return np.flatnonzero(self.closes >= done) + 1

    def tokens(self, done: int) -> int:
        """How many pieces there are after ``done`` merges."""
        return int(np.count_nonzero(self.closes >= done))

    def pieces(self, done: int) -> list[tuple[str, Span]]:
        """The pieces after ``done`` merges, each with its span of the text."""
        ends = self.bounds(done)
        if not len(ends):
            return []
        starts = np.concatenate(([0], ends[:-1]))
        spans = np.minimum.reduceat(self.spans[:, 0], starts), np.maximum.reduceat(self.spans[:, 1], starts)
        strings = ("".join(self.symbols[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
        return list(zip(strings, zip(*(part.tolist() for part in spans), strict=True), strict=True))

    def span(self, start: int, end: int) -> Span:
        """The code points that symbols ``start`` to ``end`` (exclusive) stand for."""
        return int(self.spans[start:end, 0].min()), int(self.spans[start:end, 1].max())

    def curve(self, merges: int) -> Counts:
        """``tokens(done)`` for done = 0 … merges, at once."""
        closing = np.sort(self.closes)
        return len(closing) - np.searchsorted(closing, np.arange(merges + 1))

    def last_change(self, start: int, end: int) -> int | None:
        """The rank at which the piece of symbols ``start`` to ``end`` came to be, None for a single symbol."""
        inner = self.closes[start : end - 1]
        return int(inner.max()) if len(inner) else None

    def moments(self) -> NDArray[np.int32]:
        """The ranks at which this text changes, ascending: where a slider may jump."""
        found = np.unique(self.closes)
        return found[found != NEVER]
