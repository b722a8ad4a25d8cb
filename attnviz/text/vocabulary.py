"""A vocabulary as masking needs it: what hides a word, what is never touched, and what random words are drawn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Mapping

UNUSED = re.compile(r"\[unused\d+\]|<unused\d+>|<extra_id_\d+>|madeupword\d+")
"""Slots that BERT, Gemma, T5 and fairseq keep free: no text is ever cut into them."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """``mask`` is the id that hides a word, ``special`` are ids that are neither hidden nor drawn, ``words`` (read-only) are drawn."""

    mask: int
    special: frozenset[int]
    words: NDArray[np.int64]


def vocabulary(pieces: Mapping[str, int], mask: int | None, special: frozenset[int]) -> Vocabulary:
    """Of a tokenizer's pieces by id. Raises TextError where nothing can hide a word or be drawn."""
    if mask is None:
        raise TextError("This checkpoint's tokenizer has no mask token, so no word can be masked.", "NO_MASK_TOKEN")
    special = special | {mask}
    drawn = sorted(
        {number for piece, number in pieces.items() if number not in special and not UNUSED.fullmatch(piece)}
    )
    if not drawn:
        raise TextError(
            "This checkpoint's tokenizer has special tokens only, so no random word can be drawn.", "NO_WORDS"
        )
    words = np.array(drawn, dtype=np.int64)
    words.flags.writeable = False
    return Vocabulary(mask, special, words)
