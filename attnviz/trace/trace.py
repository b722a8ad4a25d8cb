"""The records of a run by what they are about, and the cursor that points into them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from attnviz.trace.attention import Attention, Overview
from attnviz.trace.record import Record, Site, Slot
from attnviz.trace.states import Hidden
from attnviz.trace.tokens import Tokens

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

    Hovering makes a temporary cursor, a click pins it, Esc frees it. In a decoding ``query`` is a step that is pointed at,
    ``key`` a source token, and ``step`` the one that the play head stands on; ``at_step`` is the step to draw.
    """

    layer: int = 0
    head: int = 0
    query: int | None = None
    key: int | None = None
    pinned: bool = False
    site: Site = Site.ENCODER
    step: int = 0

    @property
    def at_step(self) -> int:
        return self.step if self.query is None else self.query
