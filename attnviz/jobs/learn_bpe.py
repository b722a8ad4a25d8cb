"""Learn byte-pair encoding on a text, merge by merge, and say what it is good for."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnviz.errors import JobError, TextError
from attnviz.text.bpe_file import learned
from attnviz.text.bpe_learner import PORTION, Learner
from attnviz.text.clean import well_formed
from attnviz.text.pretokens import count_words, portions, pre_tokenizer, usual
from attnviz.text.readable import letters_of_bytes
from attnviz.text.why import explain
from attnviz.trace import Curves, Learned, Merge, Merges, Notice, Progress, Record

if TYPE_CHECKING:
    from attnviz.models.library import Library

MOST_MERGES = 100_000
LARGEST_TEXT = 16 * 2**20
CHUNK = 64
_SHOWN_S = 0.4


@dataclass(frozen=True, slots=True)
class LearnBpe:
    """Yield Progress, the history as chunks of Merges with the Curves so far, Learned, and Why.

    ``alphabet`` is "chars" or "bytes", ``pre_tokenizer`` one of "words" (cut at white space and punctuation), "whitespace", "gpt2",
    "none", or "" for the usual one of the alphabet. ``held_out`` is the text for Why; without one, every tenth line of
    ``text`` is compared with the others' words. Raises JobError for settings without sense and TextError for a text to
    learn nothing from.
    """

    text: str
    merges: int
    alphabet: str = "chars"
    pre_tokenizer: str = ""
    held_out: str = ""

    needs_models: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 1 <= self.merges <= MOST_MERGES:
            raise JobError(
                f"The number of merges must lie between 1 and {MOST_MERGES:,}, not {self.merges:,}.", "BAD_MERGES"
            )
        if len(self.text) > LARGEST_TEXT:
            raise TextError(f"The text has more than {LARGEST_TEXT:,} characters; take a part of it.", "TEXT_TOO_LONG")
        pre_tokenizer(self.pre_tokenizer or usual(self.alphabet), self.alphabet)

    def run(self, library: Library | None) -> Iterator[Record]:
        kind = self.pre_tokenizer or usual(self.alphabet)
        text, replaced = well_formed(self.text)
        if replaced:
            yield Notice("surrogates", f"{replaced:,} invalid characters of the text were replaced by \ufffd.")
        words = yield from count_words(text, kind, self.alphabet)
        alphabet = _alphabet(words, self.alphabet)
        learner = Learner(alphabet)
        for _ in learner.read(words):
            yield Progress("counting pairs", 0, self.merges)
        pairs, curves = yield from _history(
            learner, self.merges, _spaced(text), _characters(words, text, self.alphabet)
        )
        complete = len(pairs) == self.merges
        if not complete:
            yield Notice(
                "merges", f"After {len(pairs):,} merges no two pieces stand side by side; nothing is left to merge."
            )
        yield curves
        result = learned(self.alphabet, kind, alphabet, pairs, complete=complete)
        yield result
        yield from _why(text, result, well_formed(self.held_out)[0])


def _alphabet(words: dict[str, int], kind: str) -> list[str]:
    """The symbols in the order of their ids. Raises TextError where there is nothing to merge."""
    used = {char for word in words for char in word}
    if not used:
        raise TextError("The text is empty; there is nothing to learn from. Give a text with words.", "EMPTY_CORPUS")
    if len(used) == 1:
        raise TextError("The text has only one distinct character; there is nothing to learn from it.", "ONE_CHARACTER")
    if all(len(word) == 1 for word in words):
        raise TextError("No two characters of the text stand in one word; there is nothing to merge.", "NO_PAIRS")
    return sorted(letters_of_bytes() if kind == "bytes" else used)


def _spaced(text: str) -> int:
    """How many words stand between white space; counted in portions, for one call would hold up the window."""
    return sum(len(part.split()) for portion in portions(text) for part in portion)


def _characters(words: dict[str, int], text: str, alphabet: str) -> int:
    """Code points in pre-tokens; in an alphabet of bytes, those of the text."""
    return len(text) if alphabet == "bytes" else sum(len(word) * count for word, count in words.items())


def _history(
    learner: Learner, most: int, words: int, characters: int
) -> Generator[Record, None, tuple[list[tuple[str, str]], Curves]]:
    """Learn, and give what was learned often enough to be watched and stopped: after each CHUNK of merges and each PORTION
    of places that they looked at.
    """
    pairs: list[tuple[str, str]] = []
    chunk: list[Merge] = []
    vocabulary, tokens = [len(learner.symbols)], [learner.tokens]
    paused, shown = 0, time.perf_counter()

    def curves() -> Curves:
        return Curves(np.array(vocabulary, np.int64), np.array(tokens, np.int64), words, characters)

    while len(pairs) < most:
        taking = learner.take(len(pairs))
        if (merge := (yield from _under_way(taking, len(pairs), most))) is None:
            break
        pairs.append((merge.left, merge.right))
        chunk.append(merge)
        vocabulary.append(len(learner.symbols))
        tokens.append(learner.tokens)
        if len(chunk) == CHUNK:
            yield Merges(len(pairs) - len(chunk), tuple(chunk))
            chunk = []
        if not chunk or learner.looked_at - paused >= PORTION:
            paused = learner.looked_at
            yield Progress("learning merges", len(pairs), most)
        if time.perf_counter() - shown > _SHOWN_S:
            shown = time.perf_counter()
            yield curves()
    if chunk:
        yield Merges(len(pairs) - len(chunk), tuple(chunk))
    return pairs, curves()


def _under_way(
    taking: Generator[None, None, Merge | None], done: int, most: int
) -> Generator[Record, None, Merge | None]:
    """One merge, stopping wherever it does."""
    while True:
        try:
            next(taking)
        except StopIteration as end:
            merge: Merge | None = end.value
            return merge
        yield Progress("learning merges", done, most)


def _why(text: str, result: Learned, held_out: str) -> Iterator[Record]:
    lines = text.splitlines()
    if not held_out:
        held_out = "\n".join(lines[::10])
        lines = [line for number, line in enumerate(lines) if number % 10]
    yield from explain("\n".join(lines), held_out, result)
