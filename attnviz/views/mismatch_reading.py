"""What a text's words are predicted to be with [MASK], a random word and themselves shown: on average, and word by word."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace import Axis, Mismatch, OwnProbability, Plot, Series, Shown, Trace, Treatment, measured
from attnviz.views.lettering import isolated, percent

PLOT = "probability of the word"
TREATMENTS = (Treatment.MASK, Treatment.RANDOM, Treatment.KEPT)
NAMES = ("[MASK] shown", "random word shown", "the word itself shown")
ALONE = (
    "With [MASK] alone the loss would never ask for the state of a word that is seen, and these are all that a later task has "
    "(Devlin et al. 2019, section 3.1 and appendix C.2)."
)
LONGEST = 12
SHARES = ("80 %", "10 %", "10 %")


@dataclass(frozen=True, slots=True)
class Summary:
    """Means over the positions of one treatment: the probability of the word, how often it is put first, and the same of what is shown."""

    positions: int
    probability: float
    first: float
    shown: float
    shown_first: float


def mismatches(trace: Trace) -> tuple[Mismatch, ...]:
    """The positions that were predicted so far, in the text's order."""
    return tuple(sorted(trace.every(Mismatch), key=lambda one: one.position))


def summaries(trace: Trace) -> tuple[Summary, ...]:
    """One for each treatment; none before there is a position."""
    found = mismatches(trace)
    columns = zip(*(one.treated for one in found), strict=True)
    return tuple(_summary(column) for column in columns)


def with_plot(trace: Trace) -> Trace:
    """The trace with a curve for each treatment, and the words' own probabilities behind [MASK] for their chips."""
    found = mismatches(trace)
    if not found:
        return trace
    places = measured([one.position for one in found])
    series = tuple(
        Series(
            name,
            places.copy(),
            measured([100 * (one.treated[kind].candidates.probability or 0.0) for one in found]),
            told=(("rank", measured([one.treated[kind].candidates.rank or 0 for one in found])),),
        )
        for kind, name in enumerate(NAMES)
    )
    ends = found[0].position - 0.5, found[-1].position + 0.5
    names = tuple((float(one.position), isolated(one.mask.candidates.original or "", LONGEST)) for one in found)
    words = Axis("word", low=ends[0], high=ends[1], names=names)
    plot = Plot(PLOT, words, Axis("probability", "%", low=0.0, high=100.0), series)
    return trace.plus(plot, *map(_own, found))


def conclusion(trace: Trace) -> str:
    """What the three treatments do to the predictions, with the run's numbers; empty before there are any."""
    found = summaries(trace)
    if not found:
        return ""
    mask, random, kept = found
    pieces = "1 word piece" if mask.positions == 1 else f"{mask.positions:,} word pieces"
    trusts = (
        "this model believes the word that it sees more than the text around it"
        if random.shown > random.probability
        else "this model believes the text around a word more than a wrong word that it sees"
    )
    return (
        f"Over {pieces} the word that belongs there gets {percent(mask.probability)} behind [MASK], {percent(random.probability)} "
        f"where a random word is shown and {percent(kept.probability)} where it is shown itself; "
        f"the random word gets {percent(random.shown)} where it is shown: {trusts}."
    )


def reasons(trace: Trace) -> tuple[str, str, str, str]:
    """Why 80/10/10 (Devlin et al. 2019), each share with the run's numbers where there are some."""
    found = summaries(trace)
    mask, random, kept = ("", "", "")
    if found:
        mask = f" Here it is put first {percent(found[0].first)} of the time."
        random = f" Here the random word is put first {percent(found[1].shown_first)} of the time, the right one {percent(found[1].first)}."
        kept = f" Here it is put first {percent(found[2].first)} of the time."
    return (
        f"80 % [MASK]: the word has to be guessed from the others. But no text that a model is used on has a [MASK].{mask}",
        f"10 % random: a word that is seen may be wrong, so that copying it doesn't pay.{random}",
        f"10 % itself: mostly what is seen is right, and the state of a word that is seen is asked for as well.{kept}",
        ALONE,
    )


def _summary(column: tuple[Shown, ...]) -> Summary:
    count = len(column)
    return Summary(
        count,
        sum(one.candidates.probability or 0.0 for one in column) / count,
        sum(one.first for one in column) / count,
        sum(one.shown_probability for one in column) / count,
        sum(one.shown_rank == 1 for one in column) / count,
    )


def _own(one: Mismatch) -> OwnProbability:
    known = one.mask.candidates
    return OwnProbability(one.position, known.probability or 0.0, known.rank or 0, known.entries)
