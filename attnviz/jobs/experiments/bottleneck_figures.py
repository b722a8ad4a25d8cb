"""What was counted of the spelling models, as plots by the length of the words, as tables and as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from attnviz.jobs.experiments.error_rate import Judged, Rate, gained, judged, phone_errors, word_errors
from attnviz.jobs.experiments.said import percent
from attnviz.table import Cell, Table
from attnviz.trace import Axis, Plot, Record, Rows, Series, measured

if TYPE_CHECKING:
    from attnviz.jobs.experiments.spelling import Word

WORDS, PHONES, GAINED = "Words with every phone right", "Phone error", "Gained over the fixed vector"
FALL, ANSWERS = "From short words to long ones", "The longest words on which the models differ"
SHORT = 6
"""Up to so many letters a word is called short."""
MOST_LETTERS = 1000
MOST_ANSWERS = 12
BEYOND_CHANCE = 2.0

ERRORS: dict[str, Callable[[Sequence[Judged]], Rate]] = {"word error": word_errors, "phone error": phone_errors}


@dataclass(slots=True)
class Outcome:
    """What has been counted so far: of each model and each length the judged words, and what was said of them.

    ``fixed`` is the model without attention, ``long`` from how many letters on a word is long, ``error`` the one of ERRORS
    that is compared.
    """

    fixed: str
    long: int
    error: str
    judged: dict[str, dict[int, list[Judged]]] = field(default_factory=dict)
    said: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)

    def count(self, model: str, letters: int, words: Sequence[Word], answers: Sequence[Sequence[str]]) -> None:
        found = [judged(answer, word.sounds) for word, answer in zip(words, answers, strict=True)]
        self.judged.setdefault(model, {})[letters] = found
        own = self.said.setdefault(model, {})
        for word, answer in zip(words, answers, strict=True):
            own[word.text] = " ".join(answer)
            self.words[word.text] = word

    @property
    def others(self) -> tuple[str, ...]:
        """The models with attention that have been asked."""
        return tuple(model for model in self.judged if model != self.fixed)

    def within(self, model: str, least: int, most: int) -> list[Judged]:
        """The judged words of so many letters."""
        return [
            word for letters, words in self.judged[model].items() if least <= letters <= most for word in words
        ]  # fmt: skip

    def whole(self, model: str) -> list[Judged]:
        return self.within(model, 0, MOST_LETTERS)


def figures(outcome: Outcome) -> Iterator[Record]:
    """Everything that is drawn."""
    letters = Axis("letters")
    right = [_curve(outcome, model, _right) for model in outcome.judged]
    yield Plot(WORDS, letters, Axis("words right", "%", high=100.0), tuple(right))
    phones = [_curve(outcome, model, _phones) for model in outcome.judged]
    yield Plot(PHONES, letters, Axis("edits per phone", "%", low=0.0), tuple(phones))
    yield Plot(GAINED, letters, Axis("gain", "points"), tuple(_gains(outcome)))
    yield Rows(FALL, Table(_columns(outcome), tuple(_fall(outcome, model) for model in outcome.judged)))
    yield Rows(ANSWERS, _answers(outcome))


def _right(words: Sequence[Judged]) -> tuple[float, float]:
    rate = word_errors(words)
    return 1.0 - rate.value, rate.error


def _phones(words: Sequence[Judged]) -> tuple[float, float]:
    rate = phone_errors(words)
    return rate.value, rate.error


def _curve(outcome: Outcome, model: str, told: Callable[[Sequence[Judged]], tuple[float, float]]) -> Series:
    """A number in per cent by the words' length, with one standard error around it."""
    own = outcome.judged[model]
    values, errors = np.array([told(words) for words in own.values()]).T * 100
    counts = ("words", measured([len(words) for words in own.values()]))
    return Series(
        model, measured(list(own)), measured(values), measured(values - errors), measured(values + errors), (counts,)
    )


def _gains(outcome: Outcome) -> Iterator[Series]:
    """How much lower each model's error is than the fixed vector's on the same words, in points."""
    for model, own in outcome.judged.items():
        places = measured(list(own))
        values, errors = np.array([_gain(outcome, model, letters, letters) for letters in own]).T * 100
        yield Series(model, places, measured(values), measured(values - errors), measured(values + errors))


def _gain(outcome: Outcome, model: str, least: int, most: int) -> tuple[float, float]:
    before, after = (ERRORS[outcome.error](outcome.within(each, least, most)) for each in (outcome.fixed, model))
    return gained(before, after)


def _columns(outcome: Outcome) -> tuple[str, ...]:
    short, long = f"3–{SHORT}", f"{outcome.long}+"
    return (
        "model", "words", "word error", "phone error",
        f"word error {short}", f"word error {long}", f"phone error {short}", f"phone error {long}",
    )  # fmt: skip


def _fall(outcome: Outcome, model: str) -> tuple[Cell, ...]:
    """A model in numbers, in per cent; None where no word of that length has been said yet."""
    every = outcome.whole(model)
    parts = [(rating, words) for rating in (word_errors, phone_errors) for words in _ends(outcome, model)]
    rates = [rating(words).value * 100 if words else None for rating, words in parts]
    return (model, len(every), word_errors(every).value * 100, phone_errors(every).value * 100, *rates)


def _ends(outcome: Outcome, model: str) -> tuple[list[Judged], list[Judged]]:
    """The short words and the long ones."""
    return outcome.within(model, 0, SHORT), outcome.within(model, outcome.long, MOST_LETTERS)


def _answers(outcome: Outcome) -> Table:
    """What the fixed vector made of words that some models got right and some wrong, the longest first."""
    rows: list[tuple[Cell, ...]] = []
    for text, word in sorted(outcome.words.items(), key=lambda each: -len(each[0])):
        said = {model: own[text] for model, own in outcome.said.items() if text in own}
        ways = [" ".join(sound) for sound in word.sounds]
        right = [model for model, answer in said.items() if answer in ways]
        if 0 < len(right) < len(said):
            rows.append((text, ways[0], "right" if outcome.fixed in right else said[outcome.fixed], ", ".join(right)))
    return Table(("word", "in the dictionary", f"said by {outcome.fixed}", "right"), tuple(rows[:MOST_ANSWERS]))


def sentences(outcome: Outcome) -> tuple[str, ...]:
    """What the run showed, in its own numbers."""
    return (*(_fallen(outcome, kind) for kind in ERRORS), _verdict(outcome), _overall(outcome))


def _fallen(outcome: Outcome, kind: str) -> str:
    told = []
    for model in outcome.judged:
        short, long = (ERRORS[kind](words).value for words in _ends(outcome, model))
        told.append(f"{model} {percent(short)} → {percent(long)}")
    return f"{kind.capitalize()}, 3 to {SHORT} letters → {outcome.long} and more: {', '.join(told)}."


def _verdict(outcome: Outcome) -> str:
    """Whether attention gains more on long words than on short ones, model by model."""
    told, shown = [], []
    for model in outcome.others:
        short, long = _gain(outcome, model, 0, SHORT), _gain(outcome, model, outcome.long, MOST_LETTERS)
        told.append(f"{model} {_points(long)} ({_points(short)})")
        if long[0] - short[0] > BEYOND_CHANCE * float(np.hypot(long[1], short[1])):
            shown.append(model)
    return (
        f"Points of {outcome.error} gained over {outcome.fixed} on the long words (on the short ones): {', '.join(told)}. "
        f"Beyond two standard errors {_who(shown, outcome.others)}"
    )


def _points(gain: tuple[float, float]) -> str:
    return f"{gain[0] * 100:+.1f} ± {gain[1] * 100:.1f}"


def _who(shown: Sequence[str], others: Sequence[str]) -> str:
    """The end of the verdict's sentence, also where it is not the textbook's."""
    if len(shown) == len(others):
        return "all gain more on the long ones: one fixed vector is a bottleneck."
    if not shown:
        return "none gains more on the long ones: this run does not show that length is what hurts."
    names = " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
    return f"only {names} gain{'' if shown[1:] else 's'} more on the long ones."


def _overall(outcome: Outcome) -> str:
    rates = {model: word_errors(outcome.whole(model)) for model in outcome.judged}
    told = [f"{model} {percent(rate.value)} ± {rate.error * 100:.1f}" for model, rate in rates.items()]
    best = min(rates, key=lambda model: rates[model].value)
    count = len(outcome.whole(outcome.fixed))
    return f"Word error on all {count:,} words: {', '.join(told)}; fewest with {best}."
