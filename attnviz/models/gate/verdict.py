"""What the gate found out about a checkpoint folder, as frozen values that travel from the child process as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnviz.errors import CheckpointError, printable
from attnviz.models.families import FAMILIES, Config
from attnviz.models.gate.paths import FileIdentity, identify
from attnviz.models.layout import Agreement, Part
from attnviz.text.tokenizer_file import TokenizerSpec


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor in a file: the file's plain name, safetensors' name of the type (F32, F16, …) and the shape."""

    file: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A folder that may be loaded: ``tensors`` by their names in the files, ``bytes`` as stored, ``notes`` to show.

    ``target`` is the tokenizer that an encoder–decoder writes with; ``tokenizer`` is then the one that it reads with.
    """

    folder: str
    family: str
    config: Config
    agreement: Agreement
    format: str
    tensors: Mapping[str, TensorInfo]
    files: tuple[FileIdentity, ...]
    tokenizer: TokenizerSpec
    dtype: str
    bytes: int
    notes: tuple[str, ...] = ()
    target: TokenizerSpec | None = None


def unchanged(verdict: Verdict) -> None:
    """Raise CHANGED_ON_DISK if a file is not the one that was examined."""
    for file in verdict.files:
        try:
            now = identify(file.name, (Path(verdict.folder) / file.name).stat())
        except OSError:
            now = None
        if now != file:
            sentence = f"{printable(file.name)} changed on disk since it was checked; open the folder again."
            raise CheckpointError(sentence, "CHANGED_ON_DISK")


def to_json(verdict: Verdict) -> str:
    """The verdict as one line of JSON; ``from_json`` gives an equal one back."""
    config, agreement = verdict.config, verdict.agreement
    return json.dumps(
        {
            "folder": verdict.folder,
            "family": verdict.family,
            "config": {name: getattr(config, name) for name in config.__slots__},
            "agreement": [dict(agreement.sources), agreement.missing, agreement.unexpected, sorted(agreement.parts)],
            "format": verdict.format,
            "tensors": {name: [info.file, info.dtype, info.shape] for name, info in verdict.tensors.items()},
            "files": [[getattr(file, name) for name in file.__slots__] for file in verdict.files],
            "tokenizer": _as_plain(verdict.tokenizer),
            "target": None if verdict.target is None else _as_plain(verdict.target),
            "dtype": verdict.dtype,
            "bytes": verdict.bytes,
            "notes": verdict.notes,
        }
    )


def tokenizer_to_json(spec: TokenizerSpec) -> str:
    """The specification as one line of JSON; ``tokenizer_from_json`` gives an equal one back."""
    return json.dumps(_as_plain(spec))


def tokenizer_from_json(found: dict[str, Any]) -> TokenizerSpec:
    """The specification that was written; raises KeyError, TypeError or ValueError on anything else."""
    spec = TokenizerSpec(**{**found, "notes": _texts(found["notes"])})
    special = (spec.mask, spec.cls, spec.sep, spec.pad, spec.unknown)
    if not all(token is None or isinstance(token, str) for token in special):
        raise TypeError("special tokens must be text")
    _text(spec.json), _text(spec.kind), _count(spec.size)
    return spec


def from_json(found: dict[str, Any]) -> Verdict:
    """The verdict that ``to_json`` wrote; raises KeyError, TypeError or ValueError on anything else."""
    sources, missing, unexpected, parts = found["agreement"]
    return Verdict(
        folder=_text(found["folder"]),
        family=_text(found["family"]),
        config=FAMILIES[found["family"]].config(**found["config"]),
        agreement=Agreement(
            {_text(ours): _text(theirs) for ours, theirs in sources.items()},
            _texts(missing),
            _texts(unexpected),
            frozenset(map(Part, parts)),
        ),
        format=_text(found["format"]),
        tensors={
            name: TensorInfo(_text(file), _text(dtype), tuple(map(_count, shape)))
            for name, (file, dtype, shape) in found["tensors"].items()
        },
        files=tuple(FileIdentity(_text(name), *map(_count, numbers)) for name, *numbers in found["files"]),
        tokenizer=tokenizer_from_json(found["tokenizer"]),
        target=None if found["target"] is None else tokenizer_from_json(found["target"]),
        dtype=_text(found["dtype"]),
        bytes=_count(found["bytes"]),
        notes=_texts(found["notes"]),
    )


def _as_plain(spec: TokenizerSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__slots__}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {type(value).__name__}")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return tuple(map(_text, value))


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a number, found {type(value).__name__}")
    return value
