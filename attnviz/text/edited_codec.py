"""A codec whose tokenizer was edited: other pieces, the same ids, each still called by its own name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.text.codec import Codec
from attnviz.text.merge_edits import apply_edits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.text.merge_edits import Edit


class EditedCodec(Codec):
    """``codec`` after ``edits``; a model that fits the one fits the other. Raises JobError.

    A forbidden piece is never cut any more, but its id stays, a model may still predict it, and it keeps its name.
    """

    def __init__(self, codec: Codec, edits: Sequence[Edit]) -> None:
        super().__init__(replace(codec.spec, json=apply_edits(codec.spec.json, edits)))
        self._unedited = codec

    def piece(self, index: int) -> str:
        return self._unedited.piece(index)

    def unwritable(self, size: int) -> tuple[int, ...]:
        return self._unedited.unwritable(size)

    def decode(self, ids: Sequence[int]) -> str:
        return self._unedited.decode(ids)
