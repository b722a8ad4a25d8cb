"""Byte-pair encoding with its whole history: against the library's trainer, and against counting all pairs anew."""

from __future__ import annotations

import json
import pydoc_data.topics
import time
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.text.pretokens import pre_tokenizer
from attnviz.trace import Learned
from benchmarks.pairs import Pairs, in_turn
from benchmarks.row import Row

NAME = "bpe-learning"
MOST_OF_NAIVE = 256


def measure(*, quick: bool = False) -> list[Row]:
    size, merges, rounds = (50_000, 200, 1) if quick else (1_000_000, 8000, 5)
    text = english(size)
    what = f"BPE with full history, {len(text) / 1e6:.2g} MB, {merges:,} merges"
    rows = []
    for alphabet, kind in (("chars", "words"), ("bytes", "gpt2")):
        pairs = _against_library(text, merges, alphabet, kind, rounds)
        note = f"{pairs.said()}; identical merges"
        against = f"`tokenizers`' trainer, {alphabet}, {kind}"
        rows.append(Row(NAME, what, against, "≤ 5", 5.0, pairs.ratios, note=note))
    short = english(20_000 if quick else 200_000)
    naive = _against_naive(short, 16 if quick else MOST_OF_NAIVE, 1 if quick else 3)
    what = f"the same, {len(short) // 1000} KB, {16 if quick else MOST_OF_NAIVE} merges"
    against = "a trainer that counts all pairs anew for each merge"
    rows.append(Row(NAME, what, against, "≤ 1/30", 1 / 30, naive.ratios, note=f"{naive.said()}; identical merges"))
    return rows


def english(size: int) -> str:
    """Python's own help texts, then the same with words reversed, so that there are enough different words."""
    text = "\n".join(topic for _, topic in sorted(pydoc_data.topics.topics.items()))
    turned = " ".join(word[::-1] for word in text.split(" "))
    return (text + turned + text)[:size]


def _against_library(text: str, merges: int, alphabet: str, kind: str, rounds: int) -> Pairs:
    found: dict[str, list[tuple[str, str]]] = {}

    def ours() -> float:
        started = time.perf_counter()
        pairs = _learned(text, merges, alphabet, kind)
        taken = time.perf_counter() - started
        found["ours"] = pairs
        return taken

    def theirs() -> float:
        tokenizer: Any = Tokenizer(models.BPE())
        cut = pre_tokenizer(kind, alphabet)
        tokenizer.pre_tokenizer = cut
        lines = text.splitlines(keepends=True)
        letters = {letter for line in lines for word, _ in cut.pre_tokenize_str(line) for letter in word}
        initial = pre_tokenizers.ByteLevel.alphabet() if alphabet == "bytes" else []
        trainer = trainers.BpeTrainer(
            vocab_size=len(letters.union(initial)) + merges, show_progress=False, initial_alphabet=initial
        )
        started = time.perf_counter()
        tokenizer.train_from_iterator(lines, trainer)
        taken = time.perf_counter() - started
        found["theirs"] = [(left, right) for left, right in json.loads(tokenizer.to_str())["model"]["merges"]]
        return taken

    pairs = in_turn(ours, theirs, rounds)
    assert found["ours"] == found["theirs"], "the merges differ"
    return pairs


def _learned(text: str, merges: int, alphabet: str, kind: str) -> list[tuple[str, str]]:
    """Until the learned tokenizer is there; what Why computes after it is not learning."""
    for record in LearnBpe(text, merges, alphabet, kind).run(None):
        if isinstance(record, Learned):
            return list(record.pairs)
    raise AssertionError("nothing was learned")


def _against_naive(text: str, merges: int, rounds: int) -> Pairs:
    """Ours beside the textbook's."""
    found: dict[str, list[tuple[str, str]]] = {}

    def naive() -> float:
        started = time.perf_counter()
        found["naive"] = _recounted(Counter(text.split()), merges)
        return time.perf_counter() - started

    def ours() -> float:
        started = time.perf_counter()
        found["ours"] = _learned(text, merges, "chars", "whitespace")
        return time.perf_counter() - started

    pairs = in_turn(ours, naive, rounds)
    assert found["ours"] == found["naive"], "the merges differ"
    return pairs


def _recounted(words: Mapping[str, int], merges: int) -> list[tuple[str, str]]:
    """The textbook's trainer: each merge counts the pairs of all words anew."""
    ids = {letter: number for number, letter in enumerate(sorted({letter for word in words for letter in word}))}
    cuts = {word: list(word) for word in words}
    found = []
    for _ in range(merges):
        counted: Counter[tuple[str, str]] = Counter()
        for word, pieces in cuts.items():
            for pair in pairwise(pieces):
                counted[pair] += words[word]
        left, right = min(counted, key=lambda pair: (-counted[pair], ids[pair[0]], ids[pair[1]]))
        found.append((left, right))
        ids.setdefault(left + right, len(ids))
        for pieces in cuts.values():
            place = 0
            while place < len(pieces) - 1:
                if pieces[place] == left and pieces[place + 1] == right:
                    pieces[place : place + 2] = [left + right]
                place += 1
    return found
