"""Wishes made into edits of one text and model: words looked up, states had from other texts, and what doesn't fit told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from attnviz.edits import InsideEdit, PatchFromText, PatchHidden, ReplaceToken, ReplaceWord
from attnviz.edits.fit import Room, misfits
from attnviz.errors import TextError, printable
from attnviz.trace import Site, Tokens

if TYPE_CHECKING:
    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint


MOST_PATCHES = 64
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settled:
    """The edits that fit, in order, and the wishes that don't, each with half a sentence on why."""

    edits: tuple[InsideEdit, ...]
    misfits: dict[InsideWish, str]


def settle(checkpoint: Checkpoint, wishes: Sequence[InsideWish], tokens: Tokens) -> Settled:
    """What can be made of ``wishes`` on a text."""
    refused: dict[InsideWish, str] = {}
    made: dict[InsideWish, InsideEdit] = {}
    for wish in dict.fromkeys(wishes):
        match wish:
            case PatchFromText():
                found: InsideEdit | str = _patch(checkpoint, wish)
            case ReplaceWord():
                found = _word(checkpoint, wish)
            case _:
                found = wish
        if isinstance(found, str):
            refused[wish] = found
        else:
            made[wish] = found
    unfit = misfits([made[wish] for wish in wishes if wish in made], rooms(checkpoint, tokens))
    refused |= {wish: unfit[edit] for wish, edit in made.items() if edit in unfit}
    return Settled(tuple(made[wish] for wish in wishes if wish not in refused), refused)


def rooms(checkpoint: Checkpoint, tokens: Tokens) -> dict[str, Room]:
    """What an edit must fit."""
    config = checkpoint.model.config
    here = Room(config.layers, config.heads, len(tokens), len(tokens), config.hidden, config.vocabulary)
    return {str(Site.ENCODER): here}


def retold(checkpoint: Checkpoint, tokens: Tokens, edits: Sequence[InsideEdit]) -> Tokens:
    """``tokens`` as the model sees them: with the replaced ones. A mask put over a word knows the word."""
    codec = checkpoint.codec
    for edit in edits:
        if not isinstance(edit, ReplaceToken):
            continue
        place, known = edit.position, tokens.originals or (None,) * len(tokens)
        ids = _with(tokens.ids, place, edit.id)
        before = known[place] if known[place] is not None else tokens.ids[place]
        original = before if edit.id == codec.mask and before != codec.mask else None
        originals = _with(known, place, original)
        tokens = replace(
            tokens,
            ids=ids,
            pieces=_with(tokens.pieces, place, codec.piece(edit.id)),
            labels=_with(tokens.labels, place, codec.label(edit.id)),
            masks=tuple(at for at, number in enumerate(ids) if number == codec.mask),
            originals=originals,
            original_labels=tuple(None if number is None else codec.label(number) for number in originals),
        )
    return tokens


def _with(values: tuple[_T, ...], place: int, value: _T) -> tuple[_T, ...]:
    return (*values[:place], value, *values[place + 1 :])


def _word(checkpoint: Checkpoint, wish: ReplaceWord) -> ReplaceToken | str:
    """One id of the vocabulary, or why there is none."""
    codec, word = checkpoint.codec, wish.word.strip()
    exact = codec.index(word)
    ids = codec.ids(word) if exact is None else (exact,)
    shown = printable(word, 30)
    if len(ids) != 1:
        pieces = " ".join(map(codec.piece, ids[:8]))
        return f"'{shown}' is not one token of this vocabulary, but {len(ids)} ({pieces})"
    if exact is None and codec.piece(ids[0]) == codec.spec.unknown:
        return f"this vocabulary has no '{shown}'"
    return ReplaceToken(wish.position, ids[0], wish.site)


def _patch(checkpoint: Checkpoint, wish: PatchFromText) -> PatchHidden | str:
    """The state of another text, or why there is none; a forward is run for it once."""
    known = checkpoint.patches.get(wish)
    if known is not None:
        return known
    model, shown = checkpoint.model, printable(wish.text, 30)
    if wish.layer > model.config.layers:
        return f"the model has layers 0 to {model.config.layers - 1}, and none numbered {wish.layer}"
    try:
        tokens = checkpoint.codec.encode(wish.text, limit=model.config.positions)
    except TextError as error:
        return f"'{shown}' can't be read: {error.sentence[:1].lower()}{error.sentence[1:].rstrip('.')}"
    if wish.source >= len(tokens):
        return f"'{shown}' has tokens 0 to {len(tokens) - 1}, and none at {wish.source}"
    states = checkpoint.states(tokens, wish.layer)  # (tokens, hidden)
    origin = f"'{shown}', token {wish.source} ({tokens.labels[wish.source]})"
    made = PatchHidden(wish.layer, wish.position, tuple(states[wish.source].tolist()), origin, wish.site)
    if len(checkpoint.patches) >= MOST_PATCHES:
        checkpoint.patches.clear()
    checkpoint.patches[wish] = made
    return made
