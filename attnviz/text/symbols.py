"""What a tokenizer's model is given: pre-tokens, character by character, each with its span of the original text."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tokenizers import AddedToken, Tokenizer, models

from attnviz.text.readable import letters_of_bytes
from attnviz.trace import Span

_UNSEEN = "<unseen>"


@dataclass(frozen=True, slots=True)
class Word:
    """A pre-token as the model reads it, with the span of each of its characters; ``added`` is the id of an added token."""

    text: str
    spans: tuple[Span, ...]
    added: int | None = None

    def span(self, start: int, end: int) -> Span:
        """The code points of the text that the characters ``start`` to ``end`` (exclusive) came from."""
        inside = self.spans[start:end]
        return min(first for first, _ in inside), max(last for _, last in inside)


class Reader:
    """The normaliser, the added tokens and the pre-tokenizer of ``tokenizer``, in front of a model that only spells."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._added: dict[str, int] = {
            token.content: number for number, token in tokenizer.get_added_tokens_decoder().items()
        }
        self._known: frozenset[str] = frozenset("▁ ").union(letters_of_bytes())
        self._kept: Tokenizer | None = None

    def words(self, text: str) -> list[Word] | None:
        """The pre-tokens in order; None where they can't be told because normalising depends on what is around."""
        needed = self._letters_of(text)
        if self._kept is None or not self._known >= needed:
            self._known = self._known | needed
            self._kept = self._speller(self._known)
        encoding = self._kept.encode(text, add_special_tokens=False)
        tokens, offsets, numbers = encoding.tokens, encoding.offsets, encoding.word_ids  # each makes a new list
        if _UNSEEN in tokens:
            return None
        found: list[Word] = []
        for _, group in groupby(range(len(tokens)), numbers.__getitem__):
            places = list(group)
            word = "".join(tokens[place] for place in places)
            added = self._added.get(word) if len(places) == 1 else None
            found.append(Word(word, tuple(offsets[place] for place in places), added))
        return found

    def _letters_of(self, text: str) -> frozenset[str]:
        """Every character that may reach the model, as far as can be told beforehand."""
        own: Any = self._tokenizer
        if own.normalizer is None:
            return frozenset(text)
        return frozenset(text).union(own.normalizer.normalize_str(text), *map(own.normalizer.normalize_str, set(text)))

    def _speller(self, letters: frozenset[str]) -> Tokenizer:
        own: Any = self._tokenizer
        normalizer, cut = own.normalizer, own.pre_tokenizer
        vocabulary = {letter: number for number, letter in enumerate([_UNSEEN, *sorted(letters)])}
        speller: Any = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token=_UNSEEN))
        if normalizer is not None:
            speller.normalizer = normalizer
        if cut is not None:
            speller.pre_tokenizer = cut
        tokens: list[AddedToken] = list(own.get_added_tokens_decoder().values())
        speller.add_special_tokens([token for token in tokens if token.special])
        speller.add_tokens([token for token in tokens if not token.special])
        return speller  # type: ignore[no-any-return]  # Any only for attributes that the library's stubs leave out
