"""What a tokenizer's model does inside one pre-token, step by step, for each kind of model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attnviz.text.bpe import Rules, Symbol
from attnviz.text.readable import Spelling, is_partial
from attnviz.text.symbols import Word
from attnviz.text.unigram import Unigram
from attnviz.text.wordpiece import match
from attnviz.trace import Piece, Stage, StageKind


class WordSteps:
    """The model section of a checked tokenizer.json at work; each stage holds the pieces of the pre-token it is given."""

    def __init__(self, model: Mapping[str, Any], spelling: Spelling) -> None:
        self._model, self._spelling = model, spelling
        self._kind: str = model["type"]
        self._rules = Rules.read(model) if self._kind == "BPE" else None
        self._unigram = Unigram.read(model) if self._kind == "Unigram" else None
        self._ids: Mapping[str, int] = model["vocab"]
        self._unknown: str | None = model.get("unk_token")
        if self._unigram is not None:
            self._ids = {piece: number for number, (piece, _) in enumerate(self._unigram.pieces)}
            self._unknown = self._unigram.pieces[self._unigram.unknown][0]

    def score(self, piece: str) -> float | None:
        """Unigram's logarithm of a piece's probability; other models have none."""
        return None if self._unigram is None else self._unigram.scores.get(piece)

    def stages(self, word: Word) -> Iterator[Stage]:
        """The steps in order; the last stage holds what the model makes of ``word``."""
        if self._rules is not None:
            return self._merged(self._rules, word)
        if self._unigram is not None:
            return self._best_path(self._unigram, word)
        return self._matched(word) if self._kind == "WordPiece" else self._looked_up(word)

    def _merged(self, rules: Rules, word: Word) -> Iterator[Stage]:
        if rules.whole_words_first and word.text in rules.vocabulary:
            whole = self._pieces(word, [Symbol(word.text, 0, len(word.text))])
            yield Stage(
                StageKind.MERGE, whole, "The pre-token is a piece as a whole; no merge is needed.", changed=(0,)
            )
            return
        parts = dict(enumerate(rules.symbols(word.text)))
        yield Stage(StageKind.SYMBOLS, self._pieces(word, parts.values()), "The pre-token in its smallest pieces.")
        for step in rules.steps([part.text for part in parts.values()]):
            left, right = parts[step.place], parts.pop(step.gone)
            parts[step.place] = Symbol(step.text, left.start, right.end)
            label = self._spelling.label
            note = f"Merge {step.rank}: {label(left.text)} + {label(right.text)} → {label(step.text)}"
            changed = (sorted(parts).index(step.place),)
            pieces = self._pieces(word, parts.values())
            yield Stage(StageKind.MERGE, pieces, note, changed=changed, rank=step.rank)

    def _matched(self, word: Word) -> Iterator[Stage]:
        prefix = self._model.get("continuing_subword_prefix", "##")
        found, whole = match(word.text, self._ids, prefix, self._model["max_input_chars_per_word"])
        for count, symbol in enumerate(found, 1):
            rest = Symbol(word.text[symbol.end :], symbol.end, len(word.text))
            shown = [*found[:count], *([rest] if rest.text else [])]
            pieces = self._pieces(word, shown, open_end=bool(rest.text))
            note = f"The longest piece that begins here: {self._spelling.label(symbol.text)}"
            yield Stage(StageKind.MATCH, pieces, note, changed=(count - 1,))
        if not whole:
            yield self._gives_up(word, "No piece fits" if found else "No piece begins it, or it is too long")

    def _looked_up(self, word: Word) -> Iterator[Stage]:
        if word.text not in self._ids:
            yield self._gives_up(word, "The vocabulary doesn't have it")
            return
        pieces = self._pieces(word, [Symbol(word.text, 0, len(word.text))])
        yield Stage(StageKind.MATCH, pieces, "The vocabulary has the whole pre-token.", changed=(0,))

    def _gives_up(self, word: Word, why: str) -> Stage:
        unknown = [Symbol(self._unknown, 0, len(word.text))] if self._unknown is not None else []
        return Stage(
            StageKind.MATCH, self._pieces(word, unknown), f"{why}: the whole pre-token is unknown.", changed=(0,)
        )

    def _best_path(self, unigram: Unigram, word: Word) -> Iterator[Stage]:
        paths = unigram.paths(word.text)
        for reached in paths:
            symbols = [
                symbol for part in unigram.trail(paths, reached.end) for symbol in unigram.symbols(word.text, part)
            ]
            rest = Symbol(word.text[reached.end :], reached.end, len(word.text))
            pieces = self._pieces(word, [*symbols, *([rest] if rest.text else [])], open_end=bool(rest.text))
            note = f"The best path to character {reached.end}: logarithm of its probability {reached.score:.3f}"
            yield Stage(StageKind.PATH, pieces, note, changed=(len(symbols) - 1,))

    def _pieces(self, word: Word, symbols: Any, *, open_end: bool = False) -> tuple[Piece, ...]:
        """``symbols`` as pieces; the last one is not looked at yet if there is an ``open_end``."""
        found: Sequence[Symbol] = list(symbols)
        last = len(found) - 1
        return tuple(
            self._piece(word, symbol, known=not (open_end and place == last)) for place, symbol in enumerate(found)
        )

    def _piece(self, word: Word, symbol: Symbol, *, known: bool) -> Piece:
        raw = self._spelling.raw(symbol.text)
        return Piece(
            symbol.text,
            self._spelling.label(symbol.text),
            self._ids.get(symbol.text) if known else None,
            word.span(symbol.start, symbol.end),
            raw,
            score=self.score(symbol.text) if known else None,
            partial=is_partial(raw),
            unknown=known and symbol.text == self._unknown,
        )
