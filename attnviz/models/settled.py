"""Wishes made into edits of one text and model: words looked up, states had from other texts, and what doesn't fit told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from attnviz.edits import InsideEdit, PatchFromText, PatchHidden, ReplaceToken, ReplaceWord
from attnviz.edits.fit import Room, Rooms, misfits
from attnviz.errors import TextError, printable
from attnviz.trace import Floats, Site, Tokens

if TYPE_CHECKING:
    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.text.codec import Codec


MOST_PATCHES = 64
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settled:
    """The edits that fit, in order, and the wishes that don't, each with half a sentence on why."""

    edits: tuple[InsideEdit, ...]
    misfits: dict[InsideWish, str]


class Ground(Protocol):
    """What wishes are settled on: one text as one model reads it."""

    @property
    def rooms(self) -> Rooms:
        """What edits must fit, by site."""
        ...

    def codec(self, site: str) -> Codec:
        """The tokenizer of the encoder's or the decoder's words."""
        ...

    def patch(self, wish: PatchFromText) -> PatchHidden | str:
        """The state of another text, or half a sentence on why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class EncoderGround:
    """A text and an encoder."""

    checkpoint: Checkpoint
    tokens: Tokens

    @property
    def rooms(self) -> Rooms:
        config, count = self.checkpoint.model.config, len(self.tokens)
        return {str(Site.ENCODER): Room(config.layers, config.heads, count, count, config.hidden, config.vocabulary)}

    def codec(self, site: str) -> Codec:
        return self.checkpoint.codec

    def patch(self, wish: PatchFromText) -> PatchHidden | str:
        """A forward is run for it once."""
        opened = self.checkpoint
        made = opened.patches.get(wish)
        if made is not None:
            return made
        found = patch_of(wish, self.rooms, lambda: opened.codec.encode(wish.text, limit=opened.model.config.longest))
        if isinstance(found, str):
            return found
        if len(opened.patches) >= MOST_PATCHES:
            opened.patches.clear()
        made = opened.patches[wish] = patched_in(wish, found, opened.states(found, wish.layer))
        return made


def settle(ground: Ground, wishes: Sequence[InsideWish]) -> Settled:
    """What can be made of ``wishes``."""
    refused: dict[InsideWish, str] = {}
    made: dict[InsideWish, InsideEdit] = {}
    for wish in dict.fromkeys(wishes):
        found: InsideEdit | str
        match wish:
            case _ if str(wish.site) not in ground.rooms:
                found = f"this model has no {'decoder' if wish.site == 'decoder' else 'cross-attention'}"
            case PatchFromText():
                found = ground.patch(wish)
            case ReplaceWord():
                found = _word(ground.codec(wish.site), wish)
            case _:
                found = wish
        if isinstance(found, str):
            refused[wish] = found
        else:
            made[wish] = found
    unfit = misfits([made[wish] for wish in wishes if wish in made], ground.rooms)
    refused |= {wish: unfit[edit] for wish, edit in made.items() if edit in unfit}
    in_order = {wish: refused[wish] for wish in wishes if wish in refused}
    return Settled(tuple(made[wish] for wish in wishes if wish not in refused), in_order)


def retold(tokens: Tokens, codec: Codec, edits: Sequence[InsideEdit]) -> Tokens:
    """``tokens`` as the model sees them: with the replaced ones. A mask put over a word knows the word."""
    for edit in edits:
        if not isinstance(edit, ReplaceToken) or edit.site != tokens.site:
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


def patch_of(wish: PatchFromText, rooms: Rooms, read: Callable[[], Tokens]) -> Tokens | str:
    """The tokens of the other text, or why no state can be had from them."""
    room, shown = rooms[str(wish.site)], printable(wish.text, 30)
    if wish.layer > room.layers:
        return f"the model has layers 0 to {room.layers - 1}, and none numbered {wish.layer}"
    try:
        tokens = read()
    except TextError as error:
        return f"'{shown}' can't be read: {error.sentence[:1].lower()}{error.sentence[1:].rstrip('.')}"
    if wish.source >= len(tokens):
        return f"'{shown}' has tokens 0 to {len(tokens) - 1}, and none at {wish.source}"
    return tokens


def patched_in(wish: PatchFromText, tokens: Tokens, states: Floats) -> PatchHidden:
    """One of the other text's ``states`` (tokens, hidden), with a word on where it comes from."""
    origin = f"'{printable(wish.text, 30)}', token {wish.source} ({tokens.labels[wish.source]})"
    values = tuple(map(float, states[wish.source]))
    return PatchHidden(wish.layer, wish.position, values, origin, wish.site)


def _word(codec: Codec, wish: ReplaceWord) -> ReplaceToken | str:
    """One id of the vocabulary, or why there is none."""
    word = wish.word.strip()
    exact = codec.index(word)
    ids = codec.ids(word) if exact is None else (exact,)
    shown = printable(word, 30)
    if len(ids) != 1:
        pieces = " ".join(map(codec.piece, ids[:8]))
        return f"'{shown}' is not one token of this vocabulary, but {len(ids)} ({pieces})"
    if exact is None and codec.piece(ids[0]) == codec.spec.unknown:
        return f"this vocabulary has no '{shown}'"
    return ReplaceToken(wish.position, ids[0], wish.site)


def _with(values: tuple[_T, ...], place: int, value: _T) -> tuple[_T, ...]:
    return (*values[:place], value, *values[place + 1 :])
