"""A text on its way through a tokenizer, stage by stage; the pieces at the end are the library's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from tokenizers import Encoding, Tokenizer

from attnviz.errors import CheckpointError, TextError
from attnviz.text.model_steps import WordSteps
from attnviz.text.readable import Spelling, is_partial, spelling_of
from attnviz.text.symbols import Reader, Word
from attnviz.text.tokenizer_file import TokenizerSpec
from attnviz.trace import Cut, Notice, Piece, Span, Stage, StageKind

MOST_STEPS = 4000
LONGEST_STEPPED = 4000


@dataclass(frozen=True, slots=True)
class _Split:
    """The stages up to the model, and what is between them and the model's steps."""

    stages: tuple[Stage, ...]
    words: tuple[Word, ...]


class Pipeline:
    """One tokenizer (checked by ``sanitise``), able to show its work."""

    def __init__(self, spec: TokenizerSpec, name: str) -> None:
        self.name, self.spec = name, spec
        self._found: dict[str, Any] = json.loads(spec.json)
        try:
            self._tokenizer = Tokenizer.from_str(spec.json)
        except BaseException as error:
            _pass_on(error)
            raise CheckpointError(f"{name}: the tokenizer can't be built.", "TOKENIZER_UNREADABLE") from error
        self.spelling: Spelling = spelling_of(self._found)
        self._reader = Reader(self._tokenizer)
        self._steps = WordSteps(self._found["model"], self.spelling)
        self._unknown = None if spec.unknown is None else self._tokenizer.token_to_id(spec.unknown)
        self._special = {
            number for number, token in self._tokenizer.get_added_tokens_decoder().items() if token.special
        }

    def cut(self, text: str, *, steps: bool = True) -> Iterator[Notice | Cut]:
        """Yield the Cut, and a Notice where steps are left out. Raises TextError where the tokenizer gives up."""
        bare, whole = self._encode(text, special=False), self._encode(text, special=True)
        pieces, stages = self._pieces(bare), []
        if steps:
            split = self._split(text) if len(text) <= LONGEST_STEPPED else None
            stages = [] if split is None else [*split.stages, *islice(self._model_stages(split.words), MOST_STEPS + 1)]
            if split is None or len(stages) > MOST_STEPS or not _arrives(stages, pieces):
                stages = [] if split is None else list(split.stages)
                yield Notice("steps", f"{self.name}: the steps are left out; they can't be shown for a text like this.")
        numbers = _renumbered(bare.word_ids)
        stages.append(Stage(StageKind.PIECES, pieces, f"{len(pieces)} pieces.", words=numbers))
        stages.append(self._framed(whole, pieces, numbers))
        yield Cut(self.name, self.spec.kind, self.spec.size, text, tuple(stages))

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Only the pieces, without the template's special tokens."""
        return self._pieces(self._encode(text, special=False))

    def _encode(self, text: str, *, special: bool) -> Encoding:
        try:
            return self._tokenizer.encode(text, add_special_tokens=special)
        except BaseException as error:
            _pass_on(error)
            sentence = (
                f"{self.name}: the tokenizer gave up on this text; try another text, or check its tokenizer.json."
            )
            raise TextError(sentence, "TOKENIZER_FAILED") from error

    def _split(self, text: str) -> _Split | None:
        """Normalised text and pre-tokens; None where they can't be traced to the text."""
        try:
            words = self._reader.words(text)
        except BaseException as error:  # noqa: BLE001 - the library panics with a BaseException; then no steps are shown
            _pass_on(error)
            return None
        if words is None:
            return None
        shown = tuple(self._shown(word) for word in words)
        numbers = tuple(range(len(words)))
        first = Stage(
            StageKind.PRE_TOKENS, shown, f"{len(words)} pre-tokens; no piece reaches across them.", words=numbers
        )
        return _Split((*self._normalised(text), first), tuple(words))

    def _normalised(self, text: str) -> tuple[Stage, ...]:
        own: Any = self._tokenizer
        if own.normalizer is None:
            return ()
        after = own.normalizer.normalize_str(text)
        note = "The normaliser changes nothing here." if after == text else "The text as the normaliser leaves it."
        piece = Piece(after, after, None, (0, len(text)), after.encode("utf-8", "replace"))
        return (Stage(StageKind.NORMALISED, (piece,), note, words=(0,)),) if text else ()

    def _shown(self, word: Word) -> Piece:
        span = word.span(0, len(word.spans))
        raw = self.spelling.raw(word.text)
        return Piece(word.text, self.spelling.label(word.text), word.added, span, raw, special=word.added is not None)

    def _model_stages(self, words: Sequence[Word]) -> Iterator[Stage]:
        for number, word in enumerate(words):
            if word.added is None:
                for stage in self._steps.stages(word):
                    yield replace(stage, word=number)

    def _pieces(self, encoding: Encoding) -> tuple[Piece, ...]:
        return tuple(map(self._piece, encoding.tokens, encoding.ids, encoding.offsets))

    def _piece(self, text: str, number: int, span: Span | None) -> Piece:
        raw, special = self.spelling.raw(text), number in self._special
        return Piece(
            text,
            text if special else self.spelling.label(text),
            number,
            span,
            raw,
            score=self._steps.score(text),
            partial=is_partial(raw),
            special=special,
            unknown=number == self._unknown,
        )

    def _framed(self, whole: Encoding, pieces: tuple[Piece, ...], numbers: tuple[int, ...]) -> Stage:
        """The pieces with what the template puts around them: what a model is given."""
        own = iter(zip(pieces, numbers, strict=True))
        framed, words = [], []
        for text, number, added in zip(whole.tokens, whole.ids, whole.special_tokens_mask, strict=True):
            piece, word = (self._piece(text, number, None), -1) if added else next(own)
            framed.append(piece)
            words.append(word)
        more = len(framed) - len(pieces)
        note = f"{more} special tokens around the pieces." if more else "This tokenizer adds no special tokens."
        changed = tuple(place for place, word in enumerate(words) if word < 0)
        return Stage(StageKind.SPECIAL, tuple(framed), note, words=tuple(words), changed=changed)


def _arrives(stages: Sequence[Stage], pieces: Sequence[Piece]) -> bool:
    """True if the steps lead to the ids that the library gives."""
    last = {stage.word: stage.pieces for stage in stages if stage.word is not None}
    before = next(stage for stage in reversed(stages) if stage.word is None)
    reached = [
        part.id
        for number, piece in zip(before.words, before.pieces, strict=True)
        for part in (last.get(number, ()) if piece.id is None else (piece,))
    ]
    return reached == [piece.id for piece in pieces]


def _renumbered(numbers: Sequence[int | None]) -> tuple[int, ...]:
    """The pre-token of each piece, counted without the empty ones."""
    known: dict[int | None, int] = {}
    return tuple(known.setdefault(number, len(known)) for number in numbers)


def _pass_on(error: BaseException) -> None:
    """Raise again what is not the library's panic, which is a BaseException too."""
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError)):
        raise error
