"""What is known of each token of a spoiled text, joined from the records of one run for the views of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.trace import Call, Detected, Drawn, Sampled, Spoiled, Trace, call, judgement
from attnviz.views.lettering import percent


@dataclass(frozen=True, slots=True)
class Word:
    """A token as the discriminator reads it, at ``position``; ``origin`` is its place in the text, where ``original`` stood.

    ``leads`` says that it is the first of those at a place where something was replaced: the original is lettered over it.
    ``drawn`` is what the generator drew at that place, if it was masked (given to the first of them alone); ``probability``
    that it was replaced is None for what nobody judges, or while that is not known.
    """

    position: int
    origin: int
    label: str
    original: str
    leads: bool
    replaced: bool
    by_hand: bool
    drawn: Drawn | None
    probability: float | None

    @property
    def call(self) -> Call | None:
        return None if self.probability is None else call(self.probability, replaced=self.replaced)

    @property
    def generated(self) -> float | None:
        """The generator's probability of the word that stands there, if it is the generator's."""
        return None if self.drawn is None or self.by_hand else self.drawn.word.probability

    @property
    def original_probability(self) -> float | None:
        """The generator's probability of the word that stood there, if it was masked."""
        return None if self.drawn is None else math.exp(-self.drawn.loss)


def words_of(trace: Trace) -> tuple[Word, ...]:
    """Every token in order; none while the text isn't spoiled yet."""
    tokens, spoiled, detected = trace.tokens(), trace.find(Spoiled), trace.find(Detected)
    if tokens is None or spoiled is None:
        return ()
    drawn = {one.position: one for one in spoiled.drawn}
    changed = {origin for origin, other in zip(spoiled.origins, spoiled.replaced, strict=True) if other}
    judged = {} if detected is None else dict(zip(detected.positions, detected.probabilities.tolist(), strict=True))
    return tuple(
        Word(
            position,
            origin,
            spoiled.tokens.labels[position],
            tokens.labels[origin],
            origin in changed and spoiled.origins.index(origin) == position,
            spoiled.replaced[position],
            origin in spoiled.by_hand,
            drawn.get(origin) if spoiled.origins.index(origin) == position else None,
            judged.get(position),
        )
        for position, origin in enumerate(spoiled.origins)
    )


def place_of(trace: Trace, origin: int) -> int | None:
    """Where a token of the text stands in the spoiled one: the first of the pieces that are there now."""
    spoiled = trace.find(Spoiled)
    return spoiled.origins.index(origin) if spoiled is not None and origin in spoiled.origins else None


def most_telling(trace: Trace) -> int | None:
    """The place in the text to look at first: of what was replaced, else masked, the first one."""
    words = words_of(trace)
    replaced = next((word.origin for word in words if word.replaced), None)
    return next((word.origin for word in words if word.drawn), None) if replaced is None else replaced


def conclusion(trace: Trace) -> str:
    """The two objectives in a sentence, with the numbers of this run."""
    sampled, spoiled, detected = trace.find(Sampled), trace.find(Spoiled), trace.find(Detected)
    if sampled is None or spoiled is None or detected is None:
        return ""
    found = judgement(spoiled, detected)
    if not found.judged:
        return "The text has special tokens only: nothing can be masked, replaced or judged."
    masked, kept = len(spoiled.drawn), sum(one.is_original for one in spoiled.drawn)
    parts = [
        f"A masked model would learn from {_of(masked, sampled.candidates)}; the discriminator learns from every one."
    ]
    others = found.judged - found.replaced
    if found.replaced:
        caught = f"It caught {found.caught} of {_words(found.replaced)} that {_were(found.replaced)} replaced"
        parts.append(f"{caught}, and suspected {found.false_alarms} of {others} that {_were(others)} not.")
    else:
        parts.append(f"Nothing is replaced, and it suspected {found.false_alarms} of {_words(others)}.")
    if kept:
        parts.append(f"In {kept} of {masked} masks the generator drew the word that was there: original.")
    if spoiled.tokens.masks:
        parts.append("A mask that is written in the text stays, and nobody judges it.")
    return " ".join(parts)


def tally(trace: Trace) -> str:
    """The counts, short."""
    spoiled, detected = trace.find(Spoiled), trace.find(Detected)
    if spoiled is None or detected is None:
        return ""
    found = judgement(spoiled, detected)
    alarms = "1 false alarm" if found.false_alarms == 1 else f"{found.false_alarms} false alarms"
    return f"{found.replaced} of {found.judged} replaced · {found.caught} caught · {found.missed} missed · {alarms}"


def share_words(share: float | None) -> str:
    """A share in per cent; a dash where it is of nothing."""
    return "–" if share is None else percent(share)


def _of(some: int, of: int) -> str:
    return f"{some} of {_words(of)} ({percent(some / of)})"


def _words(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
