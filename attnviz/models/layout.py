"""How the tensors of a file cover what a model needs: our parameter names, the names they may have there, and their shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from attnviz.errors import CheckpointError, printable

SHOWN_NAMES = 5
SHOWN_LETTERS = 34
_BUFFERS = re.compile(r"(\w+\.)?embeddings\.(position_ids|token_type_ids)")


class Part(StrEnum):
    """What a tensor belongs to; every part but the encoder may be absent as a whole."""

    ENCODER = "encoder"
    POOLER = "pooler"
    MLM = "mlm"
    NSP = "nsp"
    RTD = "rtd"


HEADS = frozenset({Part.MLM, Part.NSP, Part.RTD})


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter: our name, the names it may have in a file (first found wins), its shape and part.

    Where ``prefix`` isn't empty, every name that begins with it stands beside the same one without.
    """

    name: str
    sources: tuple[str, ...]
    shape: tuple[int, ...]
    part: Part
    optional: bool = False
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a file's tensors cover a layout: ours -> name in the file; ``missing`` names only parts that are absent."""

    sources: Mapping[str, str]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    parts: frozenset[Part]


def agree(layout: tuple[Entry, ...], found: Mapping[str, tuple[int, ...]]) -> Agreement:
    """Match a layout with the tensors ``found`` in a file; raises KEYS_MISMATCH or SHAPE_MISMATCH."""
    prefix = next((entry.prefix for entry in layout if entry.prefix), "")
    prefixed = any(name.startswith(prefix) for name in found)
    sources = {entry.name: name for entry in layout for name in _possible(entry, prefixed)[::-1] if name in found}
    parts = frozenset(entry.part for entry in layout if entry.name in sources) | {Part.ENCODER}
    heads = {name for entry in layout if entry.part in HEADS for name in entry.sources}
    used = {*sources.values(), *heads}  # a bias stored under both of its names is no surprise
    unexpected = tuple(sorted(name for name in found if name not in used and not _BUFFERS.fullmatch(name)))
    absent = [entry for entry in layout if entry.name not in sources and not entry.optional]
    broken = [entry for entry in absent if entry.part in parts]
    if broken:
        raise _keys_mismatch([entry.sources[0].removeprefix(entry.prefix) for entry in broken], len(unexpected))
    for entry in layout:
        if entry.name in sources and tuple(found[sources[entry.name]]) != entry.shape:
            raise _shape_mismatch(sources[entry.name], tuple(found[sources[entry.name]]), entry.shape)
    return Agreement(sources, tuple(entry.sources[0] for entry in absent), unexpected, parts)


def _possible(entry: Entry, prefixed: bool) -> tuple[str, ...]:
    """The names an entry may have: with or without prefix as the whole file, so that no two models are mixed."""
    if not entry.prefix:
        return entry.sources
    return tuple(name for name in entry.sources if name.startswith(entry.prefix) == prefixed)


def _keys_mismatch(missing: list[str], unexpected: int) -> CheckpointError:
    names = ", ".join(_shortened(name) for name in missing[:SHOWN_NAMES])
    return CheckpointError(
        f"The weights don't fit config.json: {len(missing)} missing, {unexpected} unexpected tensors. "
        f"Missing: {names}{', …' if len(missing) > SHOWN_NAMES else '.'}",
        "KEYS_MISMATCH",
    )


def _shape_mismatch(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> CheckpointError:
    return CheckpointError(
        f"Tensor {printable(name)} has shape {list(found)} in the weights, but config.json asks for {list(expected)}; "
        "the two files belong to different models.",
        "SHAPE_MISMATCH",
    )


def _shortened(name: str) -> str:
    """``name`` without its middle, so that five of them fit into one sentence."""
    if len(name) <= SHOWN_LETTERS:
        return name
    half = (SHOWN_LETTERS - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
