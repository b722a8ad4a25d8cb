"""The header of a safetensors file, checked against the file's real size before anything else believes it.

Format: eight bytes of header length (little endian), a JSON object name -> {dtype, shape, data_offsets}, then the data
without gaps (https://github.com/huggingface/safetensors, section Format).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, BinaryIO

from attnviz.errors import CheckpointError, printable
from attnviz.models.gate.strangers import FIRST_BYTES, foreign_kind, refuse_strangers
from attnviz.models.gate.verdict import TensorInfo
from attnviz.text.strict_json import parse_object

LARGEST_HEADER = 5 * 2**20
MOST_TENSORS = 20_000
LARGEST_DIMENSION = 2**40
HIGHEST_RANK = 8
ITEM_SIZES = {
    "F64": 8,
    "F32": 4,
    "F16": 2,
    "BF16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U64": 8,
    "U32": 4,
    "U16": 2,
    "U8": 1,
    "BOOL": 1,
}
TENSOR_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,512}")


def read_header(stream: BinaryIO, size: int, name: str) -> dict[str, TensorInfo]:
    """Every tensor of the file by its name; raises CheckpointError unless header and file agree to the byte."""
    header = _header_bytes(stream, size, name)
    found = parse_object(header, f"The header of {name}", "WEIGHTS_HEADER")
    metadata = found.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _bad(name, "its metadata is not a table of texts")
    if not found or len(found) > MOST_TENSORS:
        raise _bad(name, f"it lists {len(found)} tensors; 1 to {MOST_TENSORS} are possible")
    ranges = sorted((_check_tensor(tensor, entry, name), tensor) for tensor, entry in found.items())
    _check_cover(ranges, size - 8 - len(header), name)
    return {tensor: TensorInfo(name, entry["dtype"], tuple(entry["shape"])) for tensor, entry in found.items()}


def _header_bytes(stream: BinaryIO, size: int, name: str) -> bytes:
    first = stream.read(FIRST_BYTES)
    refuse_strangers(first, name)
    if len(first) < 8:
        sentence = f"{name} has only {size} bytes; the download was cut off, download it again."
        raise CheckpointError(sentence, "WEIGHTS_TRUNCATED")
    length = int.from_bytes(first[:8], "little")
    if length > size - 8:
        raise _too_long(stream, first, length, size, name)
    if length > LARGEST_HEADER:
        sentence = (
            f"{name}: its header is {length >> 20} MiB, more than the {LARGEST_HEADER >> 20} MiB a real one needs."
        )
        raise CheckpointError(sentence, "WEIGHTS_HEADER_TOO_BIG")
    stream.seek(8)
    header = stream.read(length)
    if header[:1] != b"{":
        raise _bad(name, "its header is no JSON object")
    return header


def _too_long(stream: BinaryIO, first: bytes, length: int, size: int, name: str) -> CheckpointError:
    """The header ends behind the file: cut off within the header if that is an unfinished object, else a lie."""
    kind = foreign_kind(first)
    if kind:
        return _bad(name, f"it is {kind}")
    if length > LARGEST_HEADER or first[8:9] != b"{":
        return _bad(name, f"it claims a header of {length} bytes in a file of {size}")
    stream.seek(8)
    rest = stream.read(LARGEST_HEADER).decode("utf-8", "replace")
    try:
        json.JSONDecoder().raw_decode(rest)
    except (ValueError, RecursionError):
        sentence = f"{name} is cut off within its header: {size} bytes of at least {length + 8}; download it again."
        return CheckpointError(sentence, "WEIGHTS_TRUNCATED")
    return _bad(name, f"it claims a header of {length} bytes in a file of {size}")


def _check_tensor(tensor: str, entry: Any, name: str) -> tuple[int, int]:
    """Check one entry by itself and give its range of bytes."""
    shown = printable(tensor)
    if not TENSOR_NAME.fullmatch(tensor):
        raise _bad(name, f"the tensor name {shown!r} is unexpected")
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _bad(name, f"the entry of tensor {shown} is malformed")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in ITEM_SIZES:
        sentence = f"{name}: tensor {shown} has a number type that is not supported; save it as F32, F16 or BF16."
        raise CheckpointError(sentence, "WEIGHTS_DTYPE")
    if not _are_counts(shape, LARGEST_DIMENSION) or len(shape) > HIGHEST_RANK:
        raise _bad(name, f"the shape of tensor {shown} is malformed")
    if not _are_counts(offsets, 2**63) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _bad(name, f"the offsets of tensor {shown} are malformed")
    needed, given = math.prod(shape) * ITEM_SIZES[dtype], offsets[1] - offsets[0]
    if needed != given:
        raise _bad(name, f"tensor {shown} needs {needed} bytes and is given {given}")
    return offsets[0], offsets[1]


def _check_cover(ranges: list[tuple[tuple[int, int], str]], available: int, name: str) -> None:
    """Tensors must follow each other without gap or overlap, up to the last byte of the file."""
    end = 0
    for (start, stop), tensor in ranges:
        if start != end:
            what = "overlaps another" if start < end else f"leaves a gap of {start - end} bytes (extra bytes)"
            raise _bad(name, f"tensor {printable(tensor)} {what}")
        end = stop
    if end > available:
        sentence = f"{name} is cut off: its tensors need {end} bytes and {available} are there; download it again."
        raise CheckpointError(sentence, "WEIGHTS_TRUNCATED")
    if end < available:
        raise _bad(name, f"it has {available - end} extra bytes behind the last tensor")


def _are_counts(values: object, highest: int) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= highest for value in values
    )


def _bad(name: str, reason: str) -> CheckpointError:
    return CheckpointError(f"{name} is not a usable safetensors file: {reason}; download it again.", "WEIGHTS_HEADER")
