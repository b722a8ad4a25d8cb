"""Which file of a folder holds the weights, and what that file says about its tensors."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable

from attnviz.errors import CheckpointError, printable
from attnviz.models.gate import pickle_archive, safetensors_header, shards
from attnviz.models.gate.paths import Folder
from attnviz.models.gate.verdict import TensorInfo

SAFETENSORS = "model.safetensors"
PICKLE = "pytorch_model.bin"
FLOATS = ("F32", "F16", "BF16", "F64")
LOOKED_AT = 1000  # entries of a folder that are looked at for a hint
FOREIGN = (
    ".h5",
    ".gguf",
    ".msgpack",
    ".onnx",
    ".ot",
    ".ckpt",
    ".pt",
    ".pth",
    ".bin",
    ".mlmodel",
    ".npz",
    ".safetensors",
)


def read_tensors(folder: Folder, *, allow_pickle: bool) -> tuple[str, dict[str, TensorInfo]]:
    """The format, "safetensors" or "pickle", and every tensor by its name; raises CheckpointError."""
    if SAFETENSORS in folder:
        with folder.open(SAFETENSORS) as (stream, size):
            return "safetensors", safetensors_header.read_header(stream, size, SAFETENSORS)
    if shards.INDEX in folder:
        return "safetensors", shards.read_shards(folder)
    if PICKLE not in folder:
        raise _no_weights(folder)
    if not allow_pickle:
        sentence = f"The weights are only there as {PICKLE}, a less safe format that can carry code; allow it if you trust its source."
        raise CheckpointError(sentence, "PICKLE_NEEDS_CONSENT")
    with folder.open(PICKLE) as (stream, size):
        return "pickle", pickle_archive.read_archive(stream, size, PICKLE)


def check_types(tensors: dict[str, TensorInfo], used: Iterable[str]) -> str:
    """The types of the used tensors in words; raises WEIGHTS_DTYPE for one that isn't a real number."""
    for name in used:
        if tensors[name].dtype not in FLOATS:
            sentence = f"Tensor {printable(name)} holds {tensors[name].dtype} numbers; supported: {', '.join(FLOATS)}."
            raise CheckpointError(sentence, "WEIGHTS_DTYPE")
    return ", ".join(sorted({tensors[name].dtype for name in used}))


def _no_weights(folder: Folder) -> CheckpointError:
    """Say which other formats lie there; a folder with a hundred thousand files is not read to its end."""
    with os.scandir(folder.path) as entries:
        names = sorted(entry.name for entry in itertools.islice(entries, LOOKED_AT) if entry.name.endswith(FOREIGN))
    found = f"only {', '.join(printable(name, 40) for name in names[:2])}" if names else "none"
    sentence = f"No weights that can be read: there is {found}; supported: {SAFETENSORS}, {shards.INDEX}, {PICKLE}."
    return CheckpointError(sentence, "WEIGHTS_MISSING")
