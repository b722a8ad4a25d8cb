"""What-if edits as frozen values: what a person changed in a run, of a decoding step by step or inside a Transformer."""

from attnviz.edits.decoding import (
    DecodingEdit,
    ForceToken,
    HideSource,
    SetContext,
    SetWeights,
    Sizes,
    first_changed,
    misfit,
)
from attnviz.edits.inside import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    InsideEdit,
    PatchHidden,
    ReplaceToken,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.edits.wishes import InsideWish, PatchFromText, ReplaceWord

__all__ = [
    "DecodingEdit",
    "DropFeedForward",
    "DropHead",
    "DropLayer",
    "ForceToken",
    "HideSource",
    "HideToken",
    "InsideEdit",
    "InsideWish",
    "PatchFromText",
    "PatchHidden",
    "ReplaceToken",
    "ReplaceWord",
    "SetContext",
    "SetRow",
    "SetWeights",
    "Sizes",
    "Temperature",
    "Uniform",
    "Unscaled",
    "first_changed",
    "misfit",
]
