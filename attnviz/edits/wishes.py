"""Edits that only a model can make: a state from another text, a word that must be found in the vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.edits.inside import InsideEdit, PatchHidden, ReplaceToken
from attnviz.errors import JobError


@dataclass(frozen=True, slots=True)
class PatchFromText:
    """The state at ``position`` that enters ``layer`` comes from ``source``, a position of another text's own forward."""

    layer: int
    position: int
    text: str
    source: int
    site: str = "encoder"

    def __post_init__(self) -> None:
        PatchHidden(self.layer, self.position, (0.0,), "", self.site)  # refuses what that refuses
        if type(self.source) is not int or self.source < 0:
            raise JobError(f"A position is a whole number from 0 on, not {self.source!r}.", "BAD_EDIT")
        if not self.text.strip():
            raise JobError("A state is patched from another text; write one in quotes.", "BAD_EDIT")


@dataclass(frozen=True, slots=True)
class ReplaceWord:
    """The token at ``position`` is ``word``, which must be one piece of the vocabulary."""

    position: int
    word: str
    site: str = "encoder"

    def __post_init__(self) -> None:
        ReplaceToken(self.position, 0, self.site)
        if not self.word.strip():
            raise JobError("A token is replaced by a word; write one.", "BAD_EDIT")


InsideWish = InsideEdit | PatchFromText | ReplaceWord
