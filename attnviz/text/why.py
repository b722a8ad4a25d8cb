"""Why one learns pieces: whole words against byte-pair encoding on a text that was held out, and what relatives share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from attnviz.text.pretokens import portions
from attnviz.text.readable import spelling
from attnviz.trace import Family, Learned, Progress, Sharing, Why

ENDINGS = ("s", "es", "er", "est", "ed", "ing", "ly", "ness")
SHORTEST_STEM = 3
MOST_FAMILIES = 8
LONGEST_FAMILY = 6
MOST_HELD_OUT = 20_000
MOST_PAIRS = 5000
_PORTION = 200
_MANY = 2000


def explain(corpus: str, held_out: str, result: Learned) -> Iterator[Progress | Why]:
    """Yield Progress and then Why. A word is what stands between white space, without marks around it."""
    known = yield from _words(corpus)
    tried = yield from _words(held_out)
    tried = Counter(dict(tried.most_common(MOST_HELD_OUT)))
    tokenizer = Tokenizer.from_str(result.json)
    symbols = set(result.symbols)
    total, unknown, tokens, lacking = tried.total(), 0, 0, 0
    for done, portion in enumerate(_portions(list(tried))):
        encodings = tokenizer.encode_batch(portion, add_special_tokens=False)
        for word, encoding in zip(portion, encodings, strict=True):
            unknown += 0 if word in known else tried[word]
            tokens += len(encoding.ids) * tried[word]
            lacking += tried[word] if result.alphabet == "chars" and not symbols.issuperset(word) else 0
        yield Progress("comparing with whole words", done * _PORTION, len(tried))
    stems = _stems(known)
    sharings = []
    for ending in ENDINGS:
        yield Progress("comparing relatives")
        sharings += _sharing(ending, stems, tokenizer)
    sizes, shares = _curve(known, tried)
    yield Why(
        words=len(known),
        pieces=len(set(result.symbols)) + len({left + right for left, right in result.pairs}),
        held_out=total,
        unknown_words=unknown / max(1, total),
        unknown_bpe=lacking / max(1, total),
        tokens_per_word=tokens / max(1, total),
        sizes=sizes,
        unknown=shares,
        families=tuple(_families(stems, known, tokenizer, result)),
        sharings=tuple(sharings),
    )


def _words(text: str) -> Generator[Progress, None, Counter[str]]:
    """Counted words that have a letter or digit."""
    found: Counter[str] = Counter()
    for batch in portions(text):
        for part in batch:
            found.update(part.split())
        yield Progress("counting whole words")
    counted: Counter[str] = Counter()
    for done, (word, count) in enumerate(found.items()):
        bare = word if word.isalnum() else word.strip("".join({char for char in word if not char.isalnum()}))
        if bare:
            counted[bare] += count
        if done % _MANY == 0:
            yield Progress("counting whole words", done, len(found))
    return counted


def _portions(words: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(words), _PORTION):
        yield words[start : start + _PORTION]


def _curve(known: Counter[str], tried: Counter[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Sizes of word vocabularies, and the share of held-out words that each lacks."""
    found = np.array([tried[word] for word, _ in known.most_common()], np.int64)
    covered = np.concatenate(([0], np.cumsum(found)))
    sizes = np.unique(np.geomspace(1, max(1, len(known)), 60).astype(np.int64))
    sizes = np.concatenate(([0], sizes[sizes <= len(known)]))
    return sizes, 1 - covered[sizes] / max(1, tried.total())


def _stems(known: Mapping[str, int]) -> dict[str, list[str]]:
    """Words of the corpus that are another one with an ending, by that other one."""
    found: dict[str, list[str]] = defaultdict(list)
    for word in known:
        for ending in ENDINGS:
            stem = word.removesuffix(ending)
            if stem != word and len(stem) >= SHORTEST_STEM and stem in known:
                found[stem].append(word)
    return found


def _families(
    stems: Mapping[str, Sequence[str]], known: Mapping[str, int], tokenizer: Tokenizer, result: Learned
) -> Iterator[Family]:
    """The largest families, then the most frequent ones."""
    label = spelling(result.alphabet).label

    def weight(stem: str) -> tuple[int, int, str]:
        return -len(stems[stem]), -known[stem], stem

    for stem in sorted(stems, key=weight)[:MOST_FAMILIES]:
        members = (stem, *sorted(stems[stem], key=lambda word: (-known[word], word))[: LONGEST_FAMILY - 1])
        pieces = tuple(tuple(map(label, _pieces(tokenizer, word))) for word in members)
        shared = [piece for piece in pieces[0] if all(piece in other for other in pieces)]
        yield Family(stem, members, pieces, tuple(shared))


def _sharing(ending: str, stems: Mapping[str, Sequence[str]], tokenizer: Tokenizer) -> list[Sharing]:
    """How many pairs of a word and the same with ``ending`` begin with the same piece; empty where there are none."""
    pairs = [(stem, stem + ending) for stem, words in stems.items() if stem + ending in words][:MOST_PAIRS]
    firsts = [(_pieces(tokenizer, stem)[:1], _pieces(tokenizer, word)[:1]) for stem, word in pairs]
    shared = sum(one == other for one, other in firsts)
    return [Sharing(f"word, word + {ending}", len(pairs), shared)] if pairs else []


def _pieces(tokenizer: Tokenizer, word: str) -> list[str]:
    return list(tokenizer.encode(word, add_special_tokens=False).tokens)
