"""Weights in several safetensors files: the index says which tensor is where, and every file must agree with it."""

from __future__ import annotations

from attnviz.errors import CheckpointError, printable
from attnviz.models.gate.paths import Folder, check_plain
from attnviz.models.gate.safetensors_header import MOST_TENSORS, read_header
from attnviz.models.gate.verdict import TensorInfo
from attnviz.text.strict_json import parse_object, shown

INDEX = "model.safetensors.index.json"
LARGEST_INDEX = 8 * 2**20
MOST_SHARDS = 256


def read_shards(folder: Folder) -> dict[str, TensorInfo]:
    """Every tensor of a sharded checkpoint; raises CheckpointError before opening anything outside the folder."""
    promised = _weight_map(folder)
    shards = {file: _shard(folder, file) for file in sorted(set(promised.values()))}
    found: dict[str, TensorInfo] = {}
    for file, tensors in shards.items():
        for name in tensors:
            if promised.get(name) != file:
                raise _bad(f"{file} holds tensor {printable(name)}, which the index does not place there")
        found |= tensors
    lost = next((name for name in promised if name not in found), None)
    if lost is not None:
        raise _bad(f"tensor {printable(lost)} is promised in {promised[lost]}, which does not hold it")
    return found


def _shard(folder: Folder, file: str) -> dict[str, TensorInfo]:
    with folder.open(file) as (stream, size):
        return read_header(stream, size, file)


def _weight_map(folder: Folder) -> dict[str, str]:
    """Tensor name -> plain file name in the folder."""
    found = parse_object(folder.read(INDEX, LARGEST_INDEX, "INDEX_UNREADABLE"), INDEX, "INDEX_UNREADABLE").get(
        "weight_map"
    )
    if not isinstance(found, dict) or not 1 <= len(found) <= MOST_TENSORS:
        raise _bad(f"its weight_map is not a table of 1 to {MOST_TENSORS} tensors")
    for name, file in found.items():
        if not isinstance(file, str):
            raise _bad(f"tensor {printable(name)} is placed in {shown(file)}, which is no file name")
        check_plain(file)
        if not file.endswith(".safetensors"):
            raise _bad(f"{printable(file)} is no safetensors file")
    if len(set(found.values())) > MOST_SHARDS:
        raise _bad(f"it names more than {MOST_SHARDS} files")
    return found


def _bad(reason: str) -> CheckpointError:
    return CheckpointError(f"{INDEX} can't be used: {reason}; download the checkpoint again.", "INDEX_UNREADABLE")
