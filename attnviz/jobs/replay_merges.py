"""A text through all merges of a byte-pair tokenizer."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from attnviz.errors import TextError
from attnviz.text.bpe_replay import Replay
from attnviz.text.clean import well_formed
from attnviz.text.merge_edits import Edit, apply_edits
from attnviz.trace import Progress, Record, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library


@dataclass(frozen=True, slots=True)
class ReplayMerges:
    """Yield the Timeline of ``text`` under the byte-pair tokenizer in ``json``, with ``edits`` made to its merges.

    ``before`` is the last timeline of the same tokenizer: what an edit of the text left alone is taken over from it.
    """

    text: str
    json: str
    edits: tuple[Edit, ...] = ()
    local: bool = True
    before: Timeline | None = field(default=None, compare=False)

    needs_models: ClassVar[bool] = False

    def run(self, library: Library | None) -> Iterator[Record]:
        yield Progress("replaying merges")
        replay = _replay(self.json, self.edits, self.local)
        text = well_formed(self.text)[0]
        try:
            yield replay.timeline(text) if self.before is None else replay.edited(self.before, text)
        except ValueError as error:
            raise TextError(f"This text can't be followed through the merges: {error}.", "NOT_REPLAYED") from error


@lru_cache(maxsize=3)
def _replay(json: str, edits: tuple[Edit, ...], local: bool) -> Replay:
    return Replay(apply_edits(json, edits) if edits else json, local=local)
