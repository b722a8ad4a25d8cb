"""How the decoding tab calls things: its panels, and what-ifs in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.edits import ForceToken, HideSource, SetContext, SetWeights
from attnviz.errors import printable
from attnviz.trace import Cursor, Decoding, Trace
from attnviz.views.lettering import visible

BEFORE = "before"

if TYPE_CHECKING:
    from attnviz.edits import DecodingEdit


def title_of(name: str, *, attends: bool) -> str:
    """What the panel of a run is called."""
    if name == BEFORE:
        return "Where it looked before" if attends else "What it got before"
    return f"Where {name} looks" if attends else f"What {name} gets"


def step_said(decoding: Decoding | None, cursor: Cursor) -> str:
    """The step that is shown, in a line."""
    if decoding is None or not len(decoding):
        return ""
    step = min(cursor.at_step, len(decoding) - 1)
    word, probability = visible(decoding.labels[step]), decoding.probabilities[step]
    return f"step {step + 1} of {len(decoding)}: {word}, p = {probability:.3f}, {decoding.choices[step]}"


def whole_said(decoding: Decoding | None) -> str:
    """The whole output, in a line."""
    if decoding is None or not len(decoding):
        return ""
    score = f"{decoding.score:.3f}".replace("-", "−")
    return f"{printable(decoding.text, 60)} · ln p of the whole {score}, perplexity {decoding.perplexity:.3f}"


def says(edit: DecodingEdit, trace: Trace) -> str:
    """A what-if in a few words, with the names of the words and tokens that it is about."""
    decoding, tokens = trace.find(Decoding), trace.tokens()
    match edit:
        case ForceToken(step=step, token=token):
            word = decoding.vocabulary[token] if decoding and token < len(decoding.vocabulary) else str(token)
            return f"step {step + 1}: say {visible(word)}"
        case HideSource(step=step, position=position):
            name = tokens.labels[position] if tokens and position < len(tokens) else ""
            when = "in all steps" if step == 0 else f"from step {step + 1} on"
            return f"hide {visible(name)} ({position}) {when}"
        case SetWeights(step=step, weights=weights):
            most = max(range(len(weights)), key=weights.__getitem__)
            name = tokens.labels[most] if tokens and most < len(tokens) else ""
            return f"step {step + 1}: weights by hand, most on {visible(name)} ({weights[most]:.2f})"
        case SetContext(step=step, origin=origin):
            return f"step {step + 1}: context = {origin or 'given numbers'}"
