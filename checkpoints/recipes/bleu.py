"""Corpus BLEU-4 (Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation")."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

ORDER = 4


def words(text: str) -> tuple[str, ...]:
    """Runs of letters, digits and underscores, and every other sign for itself; case counts."""
    return tuple(re.findall(r"\w+|[^\w\s]", text))


def corpus_bleu(answers: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """From 0 to 100; an answer may have several references. No smoothing; the brevity penalty takes the nearest length."""
    met, tried = [0] * ORDER, [0] * ORDER
    length = nearest = 0
    for answer, alternatives in zip(answers, references, strict=True):
        candidate, known = words(answer), [words(reference) for reference in alternatives]
        length += len(candidate)
        nearest += min((abs(len(reference) - len(candidate)), len(reference)) for reference in known)[1]
        for order in range(1, ORDER + 1):
            found = _runs(candidate, order)
            allowed: Counter[tuple[str, ...]] = Counter()
            for reference in known:
                allowed |= _runs(reference, order)
            met[order - 1] += (found & allowed).total()
            tried[order - 1] += found.total()
    if 0 in met:
        return 0.0
    precision = sum(math.log(hits / all_) for hits, all_ in zip(met, tried, strict=True)) / ORDER
    return 100 * math.exp(precision + min(0.0, 1 - nearest / length))


def _runs(tokens: tuple[str, ...], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))
