"""One decoder step of a trace: the records it is read from, and how its numbers and symbols are lettered."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.trace import Cursor, Decoding, Encoding, Site, Tokens, Trace
from attnviz.views.lettering import isolated
from attnviz.views.token_labels import lettered

_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_LONGEST = 12


@dataclass(frozen=True, slots=True, eq=False)
class StepMoment:
    """The step that the cursor is at; ``step`` counts from 0, the subscripts of the formulas from 1 as in the papers."""

    decoding: Decoding
    tokens: Tokens
    step: int
    read: Encoding | None = None

    @property
    def encoding(self) -> Encoding:
        """What a recurrent encoder read; raises LookupError for a Transformer, whose encoder gives Hidden records."""
        if self.read is None:
            raise LookupError("a Transformer's source is no Encoding")
        return self.read

    @property
    def now(self) -> str:
        """The subscript of this step."""
        return lowered(self.step + 1)

    @property
    def before(self) -> str:
        """The subscript of the step before."""
        return lowered(self.step)

    @property
    def attends(self) -> bool:
        return self.decoding.weights is not None and self.decoding.context is not None

    @property
    def labels(self) -> tuple[str, ...]:
        """The source tokens as they are lettered."""
        return lettered(self.tokens.labels)

    def source(self, position: int) -> str:
        """A source token and its position in words."""
        return f"{isolated(self.tokens.labels[position])} ({position})"

    def word(self, token: int) -> str:
        """A word of the target vocabulary as it is lettered."""
        return isolated(self.decoding.vocabulary[token], _LONGEST)


def moment_of(trace: Trace, cursor: Cursor) -> StepMoment | None:
    """The step to draw, clamped to the length of the decoding; None while a part of it hasn't arrived or fits another run."""
    decoding, encoding, tokens = trace.find(Decoding), trace.find(Encoding), trace.tokens(Site.ENCODER)
    if decoding is None or tokens is None or not len(decoding) or not len(tokens):
        return None
    if decoding.is_recurrent and (encoding is None or len(encoding.states) != len(tokens)):
        return None
    if decoding.weights is not None and decoding.weights.shape[1] != len(tokens):
        return None
    step = min(max(cursor.at_step, 0), len(decoding) - 1)
    return StepMoment(decoding, tokens, step, encoding if decoding.is_recurrent else None)


def lowered(number: int) -> str:
    """A number as a subscript."""
    return str(number).translate(_LOWERED)


def lettered_number(value: float, digits: int = 2) -> str:
    """A number with so many decimals and a true minus sign, which zero hasn't."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:z.{digits}f}".replace("-", "−")


def exact(value: float) -> str:
    """A number as precisely as it is known."""
    return f"{value:.6g}".replace("-", "−") if math.isfinite(value) else lettered_number(value)
