"""Six kinds of models side by side: what papers say of them, what was measured of the shipped ones, and that in sentences.

Sutskever et al. 2014, Bahdanau et al. 2015, Vaswani et al. 2017 (table 1), Devlin et al. 2019, Liu et al. 2019, Clark et al. 2020.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.jobs.experiments.said import percent
from attnviz.table import Table
from attnviz.trace import Record, Rows

SEQ2SEQ, ATTENTION, TRANSFORMER = "seq2seq", "+ attention", "Transformer"
BERT, ROBERTA, ELECTRA = "BERT", "RoBERTa", "ELECTRA"
SHIPPED = {
    SEQ2SEQ: "spelling-none",
    ATTENTION: "spelling-general",
    TRANSFORMER: "spelling-transformer",
    BERT: "bert-l6-h384-en",
    ROBERTA: "roberta-l4-h128-en",
    ELECTRA: "electra-l3-h384-en",
}
WRITING, MASKED = (SEQ2SEQ, ATTENTION, TRANSFORMER), (BERT, ROBERTA)

READS, COSTS = "In theory: what is read and learned", "In theory: what it costs"
MEASURED, FAST = "Measured: the shipped models", "Measured: how long they take"
# fmt: off
_READS = Table(
    ("model", "what is read, and when", "direction", "objective", "supervised", "input limit"),
    (
        (SEQ2SEQ, "source once, into one vector", "source → (here both), output →", "next word", "every output word", "none"),
        (ATTENTION, "all source states, at each word", "source both ways, output →", "next word", "every output word", "none"),
        (TRANSFORMER, "all source states, at each word", "source both ways, output →", "next word", "every output word", "none (sinusoids)"),
        (BERT, "whole text, at once", "both ways", "masked words, next sentence", "15 %, and the pair", "512"),
        (ROBERTA, "whole text, at once", "both ways", "masked words, masks anew", "15 %", "512"),
        (ELECTRA, "whole text, at once", "both ways", "which words are replaced", "every word", "512"),
    ),
)
_COSTS = Table(
    ("model", "path between source positions", "path from source to output", "in a row: learning", "in a row: writing", "cost per layer"),
    (
        (SEQ2SEQ, "O(n)", "O(n + m)", "O(n + m)", "O(n + m)", "O((n + m)·d²)"),
        (ATTENTION, "O(n)", "O(1)", "O(n + m)", "O(n + m)", "O((n + m)·d² + n·m·d)"),
        (TRANSFORMER, "O(1)", "O(1)", "O(1)", "O(m)", "O(n²·d) and O(m²·d + n·m·d)"),
        *((name, "O(1)", "O(1)", "O(1)", "nothing is written", "O(n²·d)") for name in (BERT, ROBERTA, ELECTRA)),
    ),
)
_COLUMNS = ("model", "shipped as", "parameters", "task and measure", "score %", "±", "AUC", "of", "supervised", "% of text")
_TIMES = ("model", "word or sentence (ms)", "long input (ms)", "its positions")
# fmt: on


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one shipped model so far.

    ``score`` in [0, 1] is what ``task`` says, with its standard error where it is a share, over ``count`` items. ``supervised`` positions
    a text were counted, a ``share`` of those it could be; times are medians in milliseconds, ``long`` for ``positions``.
    """

    parameters: int
    task: str = ""
    score: float | None = None
    error: float | None = None
    auc: float | None = None
    count: int | None = None
    supervised: float | None = None
    share: float | None = None
    sentence: float | None = None
    long: float | None = None
    positions: int | None = None


Found = Mapping[str, Measured]


def figures(found: Found) -> Iterator[Record]:
    """The theory, and beside it what has been measured."""
    yield Rows(READS, _READS)
    yield Rows(COSTS, _COSTS)
    yield Rows(MEASURED, Table(_COLUMNS, tuple(_row(name, each) for name, each in found.items())))
    times = tuple((name, each.sentence, each.long, each.positions) for name, each in found.items())
    yield Rows(FAST, Table(_TIMES, times))


def _row(name: str, own: Measured) -> tuple[str | int | float | None, ...]:
    score, error, share = (None if each is None else 100 * each for each in (own.score, own.error, own.share))
    return (
        name, SHIPPED[name], own.parameters, own.task, score, error, own.auc, own.count, own.supervised, share,
    )  # fmt: skip


def f1(logits: NDArray[np.float64], replaced: NDArray[np.bool_]) -> float | None:
    """Of words called replaced from a probability of one half on: 2 · caught / (called + replaced); None where there is neither."""
    called = logits >= 0
    whole = int(called.sum() + replaced.sum())
    return 2 * int((called & replaced).sum()) / whole if whole else None


def auc(logits: NDArray[np.float64], replaced: NDArray[np.bool_]) -> float | None:
    """The probability that a replaced word has a higher logit than another, ties counted half; None where one kind is missing."""
    wrong, right = logits[replaced], np.sort(logits[~replaced])
    if not len(wrong) or not len(right):
        return None
    below = np.searchsorted(right, wrong, "left") + np.searchsorted(right, wrong, "right")
    return float(below.mean() / 2 / len(right))


def sentences(found: Found, sentence: str, word: str) -> tuple[str, ...]:
    """What was seen; models that were left out are not spoken of."""
    told = (_of_words(found), _of_other_tasks(found), _of_supervision(found), *_of_time(found, sentence, word))
    return tuple(each for each in told if each) or ("No model of the six was measured: none ships with this copy.",)


def _of_words(found: Found) -> str:
    own = _those(found, WRITING, lambda each: each.score)
    if not own:
        return ""
    told = ", ".join(f"{name} {percent(score)}{_error(found[name])}" for name, score in own.items())
    said = f"The same {found[next(iter(own))].count:,} held-out words, every phone right: {told}."
    gains = [
        f"{name} {'gains' if own[name] >= own[SEQ2SEQ] else 'loses'} {100 * abs(own[name] - own[SEQ2SEQ]):.1f} points"
        for name in own
        if name != SEQ2SEQ and SEQ2SEQ in own
    ]
    return f"{said} Over one fixed vector {', '.join(gains)}." if gains else said


def _of_other_tasks(found: Found) -> str:
    own = _those(found, MASKED, lambda each: each.score)
    told = [
        f"{name} puts {percent(score)}{_error(found[name])} of {found[name].count:,} masked pieces right"
        for name, score in own.items()
    ]
    if (last := found.get(ELECTRA)) and last.score is not None:
        rank = "" if last.auc is None else f", AUC {last.auc:.3f}"
        told.append(f"ELECTRA tells replaced words with F1 {percent(last.score)}{rank}, of {last.count:,} words")
    return f"Other tasks, whose numbers compare with none of these: {'; '.join(told)}." if told else ""


def _of_supervision(found: Found) -> str:
    own = _those(found, (BERT, ROBERTA, ELECTRA), lambda each: each.supervised)
    if not own:
        return ""
    told = ", ".join(f"{name} {count:.1f} ({percent(found[name].share or 0.0)})" for name, count in own.items())
    said = f"Positions that a passage supervises: {told}"
    if own.get(BERT) and ELECTRA in own:
        said += f"; of the same passages ELECTRA learns from {own[ELECTRA] / own[BERT]:.1f} times as many as BERT"
    return f"{said}."


def _of_time(found: Found, sentence: str, word: str) -> Iterator[str]:
    """As shipped: widths and depths differ, which is said."""
    wrote = _those(found, WRITING, lambda each: each.sentence)
    read = _those(found, (BERT, ROBERTA, ELECTRA), lambda each: each.sentence)
    told = [f"'{what}' takes {_times(own)}" for what, own in ((word, wrote), (sentence, read)) if own]
    if told:
        yield f"{'; '.join(told)}."
    long = _those(found, tuple(SHIPPED), lambda each: each.long)
    if long:
        each = ", ".join(f"{name} {value:.3g} ms ({found[name].positions})" for name, value in long.items())
        yield f"Encoding a long input (of so many positions) takes {each}: models as they ship, which differ in width and depth."


def _those(found: Found, names: Sequence[str], told: Callable[[Measured], float | None]) -> dict[str, float]:
    """A number of those models of which it is known."""
    pairs = ((name, told(found[name])) for name in names if name in found)
    return {name: value for name, value in pairs if value is not None}


def _times(own: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g} ms" for name, value in own.items())


def _error(own: Measured) -> str:
    return "" if own.error is None else f" ± {100 * own.error:.1f}"
