"""What-if edits as frozen values: what a person changed in a run, to be computed anew from the first changed step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.errors import JobError


@dataclass(frozen=True, slots=True)
class ForceToken:
    """The decoder gives ``token`` (an id of the target vocabulary) at ``step``, whatever it would have chosen."""

    step: int
    token: int

    def __post_init__(self) -> None:
        _require_count("step", self.step)
        _require_count("token", self.token)


@dataclass(frozen=True, slots=True)
class SetWeights:
    """The attention weights of ``step``, one per source token; they must be a distribution (sum 1 within 1e-3)."""

    step: int
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        _require_count("step", self.step)
        if not self.weights or not all(math.isfinite(weight) and weight >= 0 for weight in self.weights):
            raise JobError("Attention weights must be numbers from 0 to 1; set each to at least 0.", "BAD_WEIGHTS")
        if abs(sum(self.weights) - 1) > 1e-3:
            raise JobError(
                f"Attention weights must sum to 1, not {sum(self.weights):.3f}; renormalise them.", "BAD_WEIGHTS"
            )


@dataclass(frozen=True, slots=True)
class HideSource:
    """From ``step`` on no attention goes to the source token at ``position``: its score is −∞ before the softmax.

    The encoder has still read it; to take it out of the source too, change the text.
    """

    step: int
    position: int

    def __post_init__(self) -> None:
        _require_count("step", self.step)
        _require_count("position", self.position)


@dataclass(frozen=True, slots=True)
class SetContext:
    """The context vector of ``step`` is ``values``, whatever the weights say; ``origin`` tells a person where they come from."""

    step: int
    values: tuple[float, ...]
    origin: str = ""

    def __post_init__(self) -> None:
        _require_count("step", self.step)
        if not self.values or not all(map(math.isfinite, self.values)):
            raise JobError("A context vector must be made of finite numbers; choose another one.", "BAD_CONTEXT")


@dataclass(frozen=True, slots=True)
class Sizes:
    """What an edit of a decoding must fit: tokens of the source, ids of the target vocabulary, width of the context (0: none).

    ``without`` says why there is no context to change.
    """

    source: int
    vocabulary: int
    context: int
    without: str = "this model has no attention, so there is nothing to set; choose one with attention"
    attends: bool | None = None

    @property
    def has_weights(self) -> bool:
        """Whether there are weights to change, with one context for all of them or not."""
        return bool(self.context) if self.attends is None else self.attends


DecodingEdit = ForceToken | SetWeights | HideSource | SetContext


def misfit(edit: DecodingEdit, sizes: Sizes) -> str | None:
    """Why an edit can't be made to this text and model, in half a sentence; None when it fits."""
    match edit:
        case ForceToken(token=token) if token >= sizes.vocabulary:
            return f"the target vocabulary has ids up to {sizes.vocabulary - 1}, not {token}"
        case ForceToken():
            return None
        case SetContext() if not sizes.context:
            return sizes.without
        case _ if not sizes.has_weights:
            return sizes.without
        case SetWeights(weights=weights) if len(weights) != sizes.source:
            return f"the source has {sizes.source} tokens, and there are {len(weights)} weights"
        case HideSource(position=position) if position >= sizes.source:
            return f"the source has tokens 0 to {sizes.source - 1}, and none at {position}"
        case SetContext(values=values) if len(values) != sizes.context:
            return f"the context has {sizes.context} numbers, not {len(values)}"
    return None


def first_changed(before: tuple[DecodingEdit, ...], after: tuple[DecodingEdit, ...]) -> int | None:
    """The first step at which two lists of edits differ, None when they do the same everywhere."""
    different = set(before) ^ set(after)
    if not different and before != after:  # the same edits in another order: the last of a step wins
        different = set(before)
    return min((edit.step for edit in different), default=None)


def _require_count(name: str, value: int) -> None:
    if type(value) is not int or value < 0:
        raise JobError(f"A {name} is a whole number from 0 on, not {value!r}.", "BAD_EDIT")
