"""The vocabulary: frozen records of what a model did, the trace that collects them, and the cursor that points into it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Span = tuple[int, int]
Slot = tuple[type, Hashable]


class Site(StrEnum):
    """Where attention happens: within the encoder, within the decoder, or from decoder to encoder."""

    ENCODER = "encoder"
    DECODER = "decoder"
    CROSS = "cross"


def frozen(array: NDArray[np.generic]) -> Floats:
    """A read-only, C-contiguous float32 copy of ``array``."""
    copy = np.array(array, dtype=np.float32, order="C", copy=True)
    copy.flags.writeable = False
    return copy


def softmax(scores: Floats) -> Floats:
    """Row-wise softmax over the last axis; rows that are masked everywhere become all zero."""
    highest = scores.max(axis=-1, keepdims=True)
    exponentials = np.exp(scores - np.where(np.isfinite(highest), highest, 0.0), dtype=np.float32)
    totals = exponentials.sum(axis=-1, keepdims=True)
    return np.divide(exponentials, totals, out=np.zeros_like(exponentials), where=totals > 0)


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened in a run. ``slot`` names what it is about: a later record of the same slot replaces it."""

    @property
    def slot(self) -> Slot:
        return (type(self), None)


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
        lengths = {len(part) for part in (self.ids, self.pieces, self.labels, self.spans, self.segments, self.special, self.words)}
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


@dataclass(frozen=True, slots=True, eq=False)
class Attention(Record):
    """One layer's attention, kept as Q, K, V and unfolded on demand (Vaswani et al. 2017, equation 1).

    ``query`` is (heads, queries, head_dim); ``key`` and ``value`` are (heads, keys, head_dim); ``mask`` is a boolean
    (queries, keys), True where a query may look; ``bias`` is added to the scaled scores, (heads, queries, keys).
    """

    site: Site
    layer: int
    query: Floats
    key: Floats
    value: Floats
    scale: float
    mask: NDArray[np.bool_] | None = None
    bias: Floats | None = None

    def __post_init__(self) -> None:
        if self.query.ndim != 3 or self.key.shape != self.value.shape or self.query.shape[0] != self.key.shape[0]:
            raise ValueError(f"attention of shapes {self.query.shape}, {self.key.shape}, {self.value.shape} doesn't fit")

    @property
    def slot(self) -> Slot:
        return (Attention, (self.site, self.layer))

    @property
    def heads(self) -> int:
        return int(self.query.shape[0])

    def products(self, head: int) -> Floats:
        """Raw scores q·k of one head, (queries, keys)."""
        return self.query[head] @ self.key[head].T  # (queries, keys)

    def scores(self, head: int) -> Floats:
        """Scaled scores of one head as they enter the softmax; -inf where masked, (queries, keys)."""
        scaled = self.products(head) * np.float32(self.scale)  # (queries, keys)
        if self.bias is not None:
            scaled = scaled + self.bias[head]
        return scaled if self.mask is None else np.where(self.mask, scaled, np.float32(-np.inf))

    def weights(self, head: int) -> Floats:
        """Attention weights of one head: softmax over the keys, rows sum to 1, (queries, keys)."""
        return softmax(self.scores(head))

    def context(self, head: int) -> Floats:
        """The weighted sums of the values, (queries, head_dim)."""
        return self.weights(head) @ self.value[head]


@dataclass(frozen=True, slots=True, eq=False)
class Overview(Record):
    """Every head of one layer in small: pictures and the numbers that describe them.

    ``tiles`` is uint8 (heads, rows, columns), weights max-pooled to at most 64 × 64 and scaled by 255; ``summary`` is
    float32 (heads, len(SUMMARY)), averages over the queries that may be looked from.
    """

    SUMMARY = ("entropy", "distance", "self", "previous", "next", "first", "separator")

    site: Site
    layer: int
    tiles: NDArray[np.uint8]
    summary: Floats

    @property
    def slot(self) -> Slot:
        return (Overview, (self.site, self.layer))


@dataclass(frozen=True, slots=True, eq=False)
class Hidden(Record):
    """Hidden states, (tokens, hidden); layer 0 is the sum of embeddings after its norm, layer n leaves block n."""

    site: Site
    layer: int
    states: Floats

    @property
    def slot(self) -> Slot:
        return (Hidden, (self.site, self.layer))


@dataclass(frozen=True, slots=True, eq=False)
class Block(Record):
    """Every intermediate of one block by name, each (tokens, width), in the order of computation."""

    site: Site
    layer: int
    stages: Mapping[str, Floats]

    @property
    def slot(self) -> Slot:
        return (Block, (self.site, self.layer))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One vocabulary entry with its probability in [0, 1]."""

    id: int
    token: str
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Candidates(Record):
    """The most probable words at one position; ``rank`` (from 1) and ``probability`` are the original word's, if known."""

    position: int
    entries: tuple[Candidate, ...]
    original: str | None = None
    rank: int | None = None
    probability: float | None = None

    @property
    def slot(self) -> Slot:
        return (Candidates, self.position)


@dataclass(frozen=True, slots=True)
class OwnProbability(Record):
    """The probability of the token that stands at ``position``, when that token alone is masked; rank from 1."""

    position: int
    probability: float
    rank: int

    @property
    def slot(self) -> Slot:
        return (OwnProbability, self.position)


@dataclass(frozen=True, slots=True)
class Timing(Record):
    """Seconds spent in the model's forward of this run."""

    forward: float


@dataclass(frozen=True, slots=True)
class Progress(Record):
    """How far a run is: ``done`` of ``total`` steps (total 0 = unknown), and what it does."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Notice(Record):
    """A visible remark about this run, such as a truncated input. One per ``topic``."""

    topic: str
    sentence: str

    @property
    def slot(self) -> Slot:
        return (Notice, self.topic)


@dataclass(frozen=True, slots=True)
class LoadReport(Record):
    """How a checkpoint was read: counts of tensors, what was left out and why, and the probe forward's verdict."""

    name: str
    path: str
    family: str
    layers: int
    heads: int
    hidden: int
    vocabulary: int
    positions: int
    parameters: int
    expected: int
    found: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    dtype: str = ""
    bytes: int = 0
    device: str = "cpu"
    devices: tuple[str, ...] = ("cpu",)
    probe: str = ""
    notes: tuple[str, ...] = ()
    can_fill_masks: bool = True
    can_judge_pairs: bool = True
    seconds: float = 0.0


_RecordType = TypeVar("_RecordType", bound=Record)


@dataclass(frozen=True, slots=True)
class Trace:
    """The records of one run so far, by slot. ``plus`` gives the next trace; nothing is changed in place."""

    records: Mapping[Slot, Record] = field(default_factory=lambda: MappingProxyType({}))

    def plus(self, *records: Record) -> Trace:
        return Trace(MappingProxyType({**self.records, **{record.slot: record for record in records}}))

    def find(self, kind: type[_RecordType], about: Hashable = None) -> _RecordType | None:
        """The record of this kind about that, or None when it has not arrived."""
        record = self.records.get((kind, about))
        return record if isinstance(record, kind) else None

    def every(self, kind: type[_RecordType]) -> tuple[_RecordType, ...]:
        """All records of this kind in order of arrival."""
        return tuple(record for record in self.records.values() if isinstance(record, kind))

    def tokens(self, site: Site = Site.ENCODER) -> Tokens | None:
        return self.find(Tokens, site)

    def attention(self, layer: int, site: Site = Site.ENCODER) -> Attention | None:
        return self.find(Attention, (site, layer))

    def overview(self, layer: int, site: Site = Site.ENCODER) -> Overview | None:
        return self.find(Overview, (site, layer))

    def hidden(self, layer: int, site: Site = Site.ENCODER) -> Hidden | None:
        return self.find(Hidden, (site, layer))


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the user is looking: one cursor for all views. ``query`` and ``key`` are token positions, None = nowhere.

    Hovering makes a temporary cursor, a click pins it, Esc frees it.
    """

    layer: int = 0
    head: int = 0
    query: int | None = None
    key: int | None = None
    pinned: bool = False
    site: Site = Site.ENCODER


@dataclass(frozen=True, slots=True)
class Hiding:
    """Keys left out of a picture of attention, and what that does to each row.

    ``weights`` are the rows after the hidden keys are set to 0 and the rest renormalised to sum 1;
    ``share`` is the mean part of the mass that was hidden, in [0, 1].
    """

    weights: Floats
    share: float

    @staticmethod
    def of(weights: Floats, hidden: tuple[int, ...]) -> Hiding:
        if not hidden:
            return Hiding(weights, 0.0)
        kept = weights.copy()
        kept[:, list(hidden)] = 0.0  # (queries, keys)
        rest = kept.sum(axis=1, keepdims=True)
        shown = np.divide(kept, rest, out=np.zeros_like(kept), where=rest > 0)
        return Hiding(shown, float(1.0 - rest.mean()))
