"""What all tabs share: the open checkpoint, the sentence and the words masked in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnviz.text.spans import shift

if TYPE_CHECKING:
    from attnviz.edits import InsideWish
    from attnviz.models.reference import Reference
    from attnviz.trace import LoadReport, Span, Tokens


@dataclass(frozen=True, slots=True)
class Scene:
    """``masked`` counts in code points of ``sentence``; a line break in the sentence begins the second of a pair.

    ``decoders`` are the encoder–decoders that were opened, the newest first; ``reference`` is a model of the BERT kind, and
    ``changes`` are the what-ifs made inside it. ``writer`` and ``source`` are what the decoding tab decodes.
    """

    reference: Reference | None = None
    report: LoadReport | None = None
    sentence: str = ""
    masked: tuple[Span, ...] = ()
    decoders: tuple[Reference, ...] = ()
    changes: tuple[InsideWish, ...] = ()
    writer: Reference | None = None
    source: str = ""

    @property
    def text(self) -> str:
        return self.sentence.partition("\n")[0]

    @property
    def pair(self) -> str | None:
        second = self.sentence.partition("\n")[2]
        return second if second.strip() else None

    def edited(self, sentence: str) -> Scene:
        """Another sentence: masks move with their words, those in the changed part are dropped."""
        return replace(self, sentence=sentence, masked=tuple(shift(self.masked, self.sentence, sentence)))

    def with_decoder(self, reference: Reference) -> Scene:
        """An encoder–decoder was opened: it is the newest."""
        others = tuple(decoder for decoder in self.decoders if decoder.path != reference.path)
        return replace(self, decoders=(reference, *others))

    def toggled(self, span: Span) -> Scene:
        """Mask the word at ``span``, or bring it back when it touches a masked one."""
        rest = tuple(old for old in self.masked if not (old[0] < span[1] and span[0] < old[1]))
        return replace(self, masked=rest if len(rest) < len(self.masked) else tuple(sorted((*self.masked, span))))


def put_in(scene: Scene, tokens: Tokens, position: int, piece: str) -> Scene:
    """The scene with ``piece`` in place of the masked token at ``position``; what else was masked stays masked.

    A continuation (``##s``) joins the word before it; a word put where a continuation stood is set apart by a space. Where
    pieces carry their space (``␣word``), one without it is the continuation.
    """
    span = tokens.spans[position]
    if span is None or "⟨" in piece:  # a part of a character can't be written
        return scene
    start, end = span
    before = scene.sentence[:start]
    if piece.startswith("␣"):
        piece = piece[1:] if not before or before[-1].isspace() else f" {piece[1:]}"
    elif piece.startswith("##") or any(label.startswith("␣") for label in tokens.labels):
        piece, start = piece.removeprefix("##"), len(before.rstrip(" "))
    elif (
        before and not before[-1].isspace() and tokens.originals[position] is not None and _continues(tokens, position)
    ):
        piece = f" {piece}"
    moved = len(piece) - (end - start)
    kept: list[Span] = []
    for left, right in scene.masked:
        kept += [(left, min(right, start))] if left < start else []
        kept += [(max(left, end) + moved, right + moved)] if right > end else []
    return replace(scene, sentence=scene.sentence[:start] + piece + scene.sentence[end:], masked=tuple(kept))


def _continues(tokens: Tokens, position: int) -> bool:
    """Whether the token belongs to the same word as the one before it."""
    word = tokens.words[position]
    return position > 0 and word is not None and tokens.words[position - 1] == word
