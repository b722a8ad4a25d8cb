"""What the experiment on rates of masks draws and says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.jobs.experiments.said import percent
from attnviz.table import Table
from attnviz.trace import Axis, Plot, Record, Rows, Series, measured

if TYPE_CHECKING:
    from attnviz.models.experiments.pretraining_class import Look
    from attnviz.models.experiments.pretraining_measures import Judged
    from attnviz.table import Cell
    from attnviz.trace.plots import Numbers

STEPS, SUPERVISED = "Masked words predicted, by steps", "Masked words predicted, by words asked for"
PROBES, DETECTION, END = "Read from the states by a linear probe", "Replaced words found", "After the last step"
BERTS = ("BERT, 5 %", "BERT, 15 %", "BERT, 40 %")
GENERATOR, PROBED = "ELECTRA's generator", ("BERT, 15 %", "ELECTRA's discriminator")
COLUMNS = ("model", "words shown", "words asked for", "accuracy", "loss", "probe's accuracy", "F1", "area under ROC")
HARDLY = 0.6  # an area under the ROC curve; one half is chance
_STEP = Axis("training step")


def figures(seen: Sequence[Look], most: float) -> Iterator[Record]:
    """All curves and the table, as far as there are looks; ``most`` is how often the most frequent word is right."""
    steps = measured([look.step for look in seen])
    up = Axis("held-out accuracy", low=0.0)
    always = () if not seen else (Series("most frequent word", steps, np.full_like(steps, most), dashed=True),)
    berts = [[look.berts[place] for look in seen] for place in range(len(BERTS))]
    generator = [look.generator for look in seen]
    shown = measured([look.words for look in seen])
    curves = [
        _curve(name, steps, found, shown) for name, found in zip((*BERTS, GENERATOR), (*berts, generator), strict=True)
    ]
    yield Plot(STEPS, _STEP, up, (*curves, *always))
    asked = [measured([look.supervised[place] for look in seen]) for place in range(len(BERTS))]
    by_asked = [
        _curve(*each, shown)
        for each in zip(BERTS, (each[1:] for each in asked), (each[1:] for each in berts), strict=True)
    ]
    yield Plot(SUPERVISED, Axis("words asked for", logarithmic=True), up, tuple(by_asked))
    probes = [_curve(name, steps, [look.probes[place] for look in seen], shown) for place, name in enumerate(PROBED)]
    yield Plot(PROBES, _STEP, up, (*probes, *always))
    found = [
        Series(name, steps, measured([getattr(look.detected, part) for look in seen]))
        for name, part in (("F1", "f1"), ("area under the ROC curve", "area"))
    ]
    yield Plot(DETECTION, _STEP, Axis("score", low=0.0, high=1.0), tuple(found))
    yield Rows(END, Table(COLUMNS, _rows(seen[-1]) if seen else ()))


def _curve(name: str, places: Numbers, found: Sequence[Judged], shown: Numbers) -> Series:
    """Accuracies with two standard errors around them."""
    accuracy = measured([each.accuracy for each in found])
    error = 2 * measured([standard_error(each) for each in found])
    told = (("loss", measured([each.loss for each in found])), ("words shown", shown[len(shown) - len(found) :].copy()))
    return Series(name, places.copy(), accuracy, accuracy - error, accuracy + error, told)


def standard_error(found: Judged) -> float:
    """Of an accuracy, each masked word taken for itself."""
    return math.sqrt(found.accuracy * (1 - found.accuracy) / found.total)


def _rows(last: Look) -> tuple[tuple[Cell, ...], ...]:
    rows: list[tuple[Cell, ...]] = []
    for place, name in enumerate(BERTS):
        probe = last.probes[0].accuracy if name == PROBED[0] else None
        rows.append((name, last.words, last.supervised[place], *_cells(last.berts[place]), probe, None, None))
    rows.append((GENERATOR, last.words, last.supervised[1], *_cells(last.generator), None, None, None))
    told = (last.probes[1].accuracy, last.detected.f1, None if math.isnan(last.detected.area) else last.detected.area)
    rows.append((PROBED[1], last.words, last.supervised[-1], None, None, *told))
    return tuple(rows)


def _cells(found: Judged) -> tuple[float, float]:
    return found.accuracy, found.loss


def conclusion(seen: Sequence[Look], most: float, text: int) -> tuple[str, ...]:
    """What the run showed; ``text`` is the number of words to learn from."""
    return _at_equal_steps(seen[-1], most, text), _at_equal_questions(seen), _electra(seen[-1])


def _at_equal_steps(last: Look, most: float, text: int) -> str:
    """Who is ahead after the last step, and whether by more than chance."""
    named = [
        f"{percent(found.accuracy)} at{name.removeprefix('BERT,')}"
        for name, found in zip(BERTS, last.berts, strict=True)
    ]
    usual, best = last.berts[1], max(last.berts, key=lambda found: found.accuracy)
    apart = 100 * (best.accuracy - usual.accuracy)
    sure = 200 * math.hypot(standard_error(best), standard_error(usual))
    which = BERTS[last.berts.index(best)].removeprefix("BERT, ")
    if best.accuracy <= most + 2 * standard_error(best):
        verdict = "none has learned more than the most frequent word yet, so take more steps"
    elif best.right == usual.right:
        verdict = "15 % is the best of the three"
    else:
        than = "more" if apart > sure else "less"
        verdict = f"{which} is ahead of 15 % by {apart:.1f} points, {than} than two standard errors ({sure:.1f})"
    return (
        f"After {last.step:,} steps (the {text:,} words of a novel's beginning {last.words / text:.1f} times) BERT predicts, of {usual.total:,} masked held-out "
        f"words, {', '.join(named)}; the most frequent word alone is right in {percent(most)}. Here {verdict}."
    )


def _at_equal_questions(seen: Sequence[Look]) -> str:
    """All at as many supervised words as the rate that asks least has had in the end."""
    least = min(seen[-1].supervised[: len(BERTS)])
    named = []
    for place, name in enumerate(BERTS):
        asked = [look.supervised[place] for look in seen]
        accuracy = float(np.interp(least, asked, [look.berts[place].accuracy for look in seen]))
        named.append(
            f"{percent(accuracy)} at{name.removeprefix('BERT,')} (step {np.interp(least, asked, [look.step for look in seen]):,.0f})"
        )
    return f"When each had been asked for {least:,} words, it was {', '.join(named)}."


def _electra(last: Look) -> str:
    """The yardstick is the probe: the discriminator itself predicts no words."""
    bert, discriminator = last.probes
    apart = 100 * (discriminator.accuracy - bert.accuracy)
    sure = 200 * math.hypot(standard_error(bert), standard_error(discriminator))
    area = last.detected.area
    told = "it hardly tells them from the others yet" if area < HARDLY else "it tells them from the others"
    return (
        f"ELECTRA's discriminator was asked for {last.supervised[-1] / last.supervised[1]:.1f} times as many words as BERT at 15 %. It predicts none: "
        f"a linear probe reads {percent(discriminator.accuracy)} of the masked words from its states and {percent(bert.accuracy)} from BERT's "
        f"({apart:+.1f} points, two standard errors are {sure:.1f}), though it never judged a [MASK]. Its generator, half as wide, predicts "
        f"{percent(last.generator.accuracy)}; as for the words that this replaced, {told} (area {area:.2f}, F1 {last.detected.f1:.2f})."
    )
