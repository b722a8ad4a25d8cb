"""What a tokenizer's model is given: pre-tokens, character by character, each with its span of the original text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tokenizers import AddedToken, Encoding, Tokenizer, models

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
        self._letters = frozenset("▁ ").union(letters_of_bytes())

    def words(self, text: str) -> list[Word] | None:
        """The pre-tokens in order; None where they can't be told because normalising depends on what is around."""
        encoding = self._speller(text).encode(text, add_special_tokens=False)
        if _UNSEEN in encoding.tokens:
            return None
        return [self._word(encoding, places) for places in _grouped(encoding)]

    def _speller(self, text: str) -> Tokenizer:
        own: Any = self._tokenizer
        normalizer, cut = own.normalizer, own.pre_tokenizer
        letters = self._letters.union(text)
        if normalizer is not None:
            letters = letters.union(normalizer.normalize_str(text), *map(normalizer.normalize_str, set(text)))
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

    def _word(self, encoding: Encoding, places: list[int]) -> Word:
        text = "".join(encoding.tokens[place] for place in places)
        spans = tuple(encoding.offsets[place] for place in places)
        return Word(text, spans, self._added.get(text) if len(places) == 1 else None)


def _grouped(encoding: Encoding) -> Iterator[list[int]]:
    """The places of tokens, pre-token by pre-token."""
    words = encoding.word_ids
    for _, places in groupby(range(len(words)), words.__getitem__):
        yield list(places)
