"""How a tokenizer cuts a text, stage by stage, and how several tokenizers compare on one text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from attnviz.trace.record import Record, Slot, Span


class StageKind(StrEnum):
    """What a stage shows."""

    NORMALISED = "normalised"
    PRE_TOKENS = "pre-tokens"
    SYMBOLS = "symbols"
    MERGE = "merge"
    MATCH = "longest match"
    PATH = "best path"
    PIECES = "pieces"
    SPECIAL = "special tokens"


STEPS = frozenset({StageKind.MERGE, StageKind.MATCH, StageKind.PATH})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text at some stage. ``id`` is None where it is no entry of the vocabulary (yet).

    ``text`` is the tokenizer's own string, ``label`` the readable one. ``span`` is in code points of the original text, None
    for what the template added. ``raw`` are the bytes of UTF-8 that the piece stands for; ``partial`` when they hold only a
    part of a character. ``score`` is Unigram's logarithm of the piece's probability.
    """

    text: str
    label: str
    id: int | None
    span: Span | None
    raw: bytes
    score: float | None = None
    partial: bool = False
    special: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """What there is after one stage. ``word`` is None when ``pieces`` are those of the whole text.

    A step (MERGE, MATCH, PATH) happens inside the pre-token number ``word``, and ``pieces`` are that pre-token's alone;
    ``changed`` are the indices in ``pieces`` of what is new. ``rank`` is the merge's. In a stage of the whole text ``words`` gives
    the pre-token of each piece, -1 for what the template added; it is empty for a step. ``note`` is one plain sentence.
    """

    kind: StageKind
    pieces: tuple[Piece, ...]
    note: str
    word: int | None = None
    words: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Cut(Record):
    """One tokenizer on one text. ``stages`` are in order; the last holds what a model is given.

    ``model`` is WordPiece, BPE, Unigram or WordLevel; ``size`` the number of ids. Steps are left out for long texts, with a
    Notice.
    """

    name: str
    model: str
    size: int
    text: str
    stages: tuple[Stage, ...]

    @property
    def slot(self) -> Slot:
        return (Cut, self.name)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of the text, without special tokens that the template added."""
        return tuple(piece for piece in self.stages[-1].pieces if piece.span is not None)

    @property
    def ids(self) -> tuple[int, ...]:
        """What a model is given, special tokens included."""
        return tuple(piece.id for piece in self.stages[-1].pieces if piece.id is not None)

    def at(self, stage: int) -> tuple[Piece, ...]:
        """All pieces of the text after stage number ``stage``; in the midst of steps, the other pre-tokens as they stand then."""
        stepped: dict[int, tuple[Piece, ...]] = {}
        while (word := self.stages[stage].word) is not None:
            stepped.setdefault(word, self.stages[stage].pieces)
            stage -= 1
        whole = self.stages[stage]
        parts: list[Piece] = []
        for word, group in groupby(zip(whole.words, whole.pieces, strict=True), itemgetter(0)):
            parts.extend(stepped.get(word) or (piece for _, piece in group))
        return tuple(parts)


@dataclass(frozen=True, slots=True)
class Compared:
    """One tokenizer in a comparison. ``borders`` are the code points of the text at which its pieces begin or end."""

    name: str
    model: str
    size: int
    pieces: tuple[Piece, ...]
    borders: tuple[int, ...]
    tokens: int
    fertility: float | None
    unknown: int
    differs: tuple[int, ...]

    @property
    def characters_per_token(self) -> float | None:
        """Characters of the text (white space not counted) that a token carries; None without tokens."""
        covered = sum(piece.span[1] - piece.span[0] for piece in self.pieces if piece.span is not None)
        return covered / self.tokens if self.tokens else None


@dataclass(frozen=True, slots=True)
class Comparison(Record):
    """Several tokenizers on one text, aligned by its characters.

    ``words`` counts the words between white space; fertility is tokens per word, None where there is no word. ``differs``
    (in each row) are the indices of pieces that some other row doesn't have with the same span.
    ``agreed`` are the borders that all rows have, ``disputed`` those that only some have.
    """

    text: str
    words: int
    rows: tuple[Compared, ...]
    agreed: tuple[int, ...]
    disputed: tuple[int, ...]
