"""The checkpoints at hand: what ships with the program and what was opened lately. Reads headers only, no torch."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz import places
from attnviz.errors import CheckpointError, printable
from attnviz.models.families import Family, parse_config
from attnviz.models.gate.paths import Folder
from attnviz.models.member_names import MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT = "bert-l6-h384-en"
DEFAULT_TRANSLATOR = "spelling-general"
_HEADER_LIMIT = 5 * 1024 * 1024
_CONFIG_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Listing:
    """One line of ``attnviz list``. ``parameters`` counts what the file stores, None where that is not known."""

    name: str
    family: str
    layers: int
    heads: int
    hidden: int
    vocabulary: int
    parameters: int | None
    path: str


def shipped() -> tuple[Path, ...]:
    """The shipped checkpoints that this version opens, the default one first."""
    root = places.checkpoints()
    folders = [entry for entry in sorted(root.iterdir()) if _opens(entry)] if root.is_dir() else []
    return tuple(sorted(folders, key=lambda folder: folder.name != DEFAULT))


def encoders() -> tuple[Path, ...]:
    """Those of the shipped checkpoints that fill masks, the default one first."""
    return tuple(folder for folder in shipped() if not translates(folder))


def translators() -> tuple[Path, ...]:
    """Those of the shipped checkpoints that decode, the default one first."""
    found = (folder for folder in shipped() if translates(folder))
    return tuple(sorted(found, key=lambda folder: folder.name != DEFAULT_TRANSLATOR))


def default_translator() -> Path:
    """The checkpoint that decodes when none is named. Raises CheckpointError when none ships."""
    found = translators()
    if not found:
        raise CheckpointError("No encoder–decoder ships with this copy; name a checkpoint folder.", "NOT_FOUND")
    return found[0]


def detectors() -> tuple[Path, ...]:
    """Those of the shipped checkpoints that tell replaced words: ELECTRA discriminators."""
    return tuple(folder for folder in shipped() if _has_head(folder, "rtd.classifier"))


def generators() -> tuple[Path, ...]:
    """Those of the shipped checkpoints that predict masked words, the default one first."""
    return tuple(folder for folder in shipped() if _has_head(folder, "mlm.dense"))


def default_detector() -> Path:
    """The checkpoint that tells replaced words when none is named. Raises CheckpointError when none ships."""
    found = detectors()
    if not found:
        sentence = "No ELECTRA discriminator ships with this copy; name the folder of one with --checkpoint."
        raise CheckpointError(sentence, "NOT_FOUND")
    return found[0]


def translates(folder: Path) -> bool:
    """Whether the folder's configuration is that of an encoder–decoder."""
    family = _family(folder)
    return family is not None and family.translates


def _opens(folder: Path) -> bool:
    return _family(folder) is not None


def _family(folder: Path) -> Family | None:
    """The family of a folder whose configuration can be read, None of another."""
    try:
        return parse_config(Folder(folder).read("config.json", _CONFIG_LIMIT, "CONFIG_UNREADABLE"))[0]
    except (CheckpointError, OSError):
        return None


def listings(recent: Iterable[str] = ()) -> tuple[Listing, ...]:
    """What can be opened by name: shipped folders, then recently opened ones that still read."""
    folders = dict.fromkeys([*shipped(), *(Path(path) for path in recent)])
    found = []
    for folder in folders:
        try:
            found.append(listing(folder))
        except (CheckpointError, OSError):
            continue
    return tuple(found)


def listing(folder: Path) -> Listing:
    """Read a folder's configuration and header sizes. Raises CheckpointError or OSError when that isn't possible."""
    files = Folder(folder)
    family, config, _ = parse_config(files.read("config.json", _CONFIG_LIMIT, "CONFIG_UNREADABLE"))
    parameters = _stored_parameters(files)
    return Listing(
        folder.name,
        family.model_type,
        config.layers,
        config.heads,
        config.hidden,
        config.vocabulary,
        parameters,
        str(folder),
    )


def resolve(name: str | None, recent: Iterable[str] = ()) -> Path:
    """The folder that ``name`` means: a name from the list, or a path; None is the default. Raises CheckpointError."""
    folders = shipped()
    if name is None:
        if not (folders := encoders()):
            raise CheckpointError("No checkpoint ships with this copy; name a checkpoint folder.", "NOT_FOUND")
        return folders[0]
    for folder in (*folders, *(Path(path) for path in recent)):
        if folder.name == name and _is_folder(folder):
            return folder
    if _is_folder(Path(name)):
        return Path(os.path.abspath(name))  # noqa: PTH100 - resolve() would follow symlinks, which the gate must see
    known = ", ".join(folder.name for folder in folders)
    raise CheckpointError(
        f"There is no checkpoint or folder '{printable(name)}'; give a folder, or one of: {known}.", "NOT_FOUND"
    )


def _is_folder(path: Path) -> bool:
    """Whether there is such a folder; a name that is too long, or a place that may not be looked at, is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _stored_parameters(files: Folder) -> int | None:
    """Elements of all tensors in the safetensors header; None when there is no readable one."""
    try:
        return sum(math.prod(entry["shape"]) for entry in _header(files).values())
    except (CheckpointError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _has_head(folder: Path, module: str) -> bool:
    """Whether the safetensors header of an encoder has a weight of that module; we name the modules alike for all members."""
    family = _family(folder)
    if family is None or family.model_type not in MEMBERS:
        return False
    name = MEMBERS[family.model_type].heads.get(module)
    try:
        return f"{name}.weight" in _header(Folder(folder))
    except (CheckpointError, OSError, ValueError, TypeError, AttributeError, RecursionError):
        return False


def _header(files: Folder) -> dict[str, Any]:
    """The tensors in a safetensors header by name. Raises whatever a file can be wrong in."""
    with files.open("model.safetensors") as (stream, _):
        size = int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(size)) if size <= _HEADER_LIMIT else {}
    return {name: entry for name, entry in header.items() if name != "__metadata__"}
