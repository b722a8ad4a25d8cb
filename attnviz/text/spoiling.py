"""A text with other words in some places: the generator's, and those that a user puts in by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.errors import JobError, TextError, printable
from attnviz.trace import Drawn, Spoiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from attnviz.text.codec import Codec
    from attnviz.trace import Tokens


def spoil(tokens: Tokens, drawn: Sequence[Drawn], by_hand: Mapping[int, str], codec: Codec, longest: int) -> Spoiled:
    """``tokens`` with the words drawn, and those put in by hand before them. Raises JobError and TextError.

    A word that stood there before counts as original, whoever put it there.
    """
    put = {position: _pieces(position, word, tokens, codec) for position, word in by_hand.items()}
    there = {one.position: (one.word.id,) for one in drawn} | put
    ids, origins, replaced = list[int](), list[int](), list[bool]()
    for position, original in enumerate(tokens.ids):
        pieces = there.get(position, (original,))
        kept = pieces.index(original) if original in pieces else None
        ids += pieces
        origins += [position] * len(pieces)
        replaced += [place != kept for place in range(len(pieces))]
    if len(ids) > longest:
        sentence = f"There is no room for that word: with it the text has {len(ids)} tokens, and the models read at most {longest}; put in a shorter one, or shorten the text."
        raise JobError(sentence, "TOO_LONG")
    return Spoiled(_as_read(tokens, ids, origins, codec), tuple(origins), tuple(replaced), tuple(drawn), tuple(put))


def _pieces(position: int, word: str, tokens: Tokens, codec: Codec) -> tuple[int, ...]:
    """The ids of a word for one position: a piece of the vocabulary as it is, any other word as the tokenizer cuts it."""
    if not 0 <= position < len(tokens) or tokens.special[position] or tokens.ids[position] in codec.special:
        sentence = (
            f"There is no word at position {position} that could be replaced; words stand between the special tokens."
        )
        raise JobError(sentence, "NO_WORD_THERE")
    piece = codec.index(word)
    ids = codec.ids(word) if piece is None else (piece,)
    if not ids:
        raise TextError(
            f"“{printable(word, 40)}” has no pieces in this vocabulary; put in another word.", "NO_SUCH_WORD"
        )
    if not codec.special.isdisjoint(ids):
        sentence = f"“{printable(word, 40)}” is a special token or has characters that the vocabulary lacks, and such tokens are judged by nobody; put in another word."
        raise TextError(sentence, "NO_SUCH_WORD")
    return ids


def _as_read(tokens: Tokens, ids: Sequence[int], origins: Sequence[int], codec: Codec) -> Tokens:
    """The tokens with other ids; where they come from is where the text's own come from."""
    return replace(
        tokens,
        ids=tuple(ids),
        pieces=tuple(map(codec.piece, ids)),
        labels=tuple(map(codec.label, ids)),
        spans=tuple(tokens.spans[origin] for origin in origins),
        segments=tuple(tokens.segments[origin] for origin in origins),
        special=tuple(tokens.special[origin] for origin in origins),
        words=tuple(tokens.words[origin] for origin in origins),
        masks=tuple(place for place, number in enumerate(ids) if number == codec.mask),
        originals=(None,) * len(ids),
        original_labels=(None,) * len(ids),
    )
