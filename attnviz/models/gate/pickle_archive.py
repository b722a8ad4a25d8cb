"""PyTorch's zip container, checked as plain bytes: every member stored as it is, whole, and where torch will look.

torch.save (since 1.6) writes an uncompressed zip with one top folder: data.pkl, version, and a record data/<key> for
each storage (https://pytorch.org/docs/stable/notes/serialization.html).
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import BinaryIO

from attnviz.errors import CheckpointError, printable
from attnviz.models.gate.pickle_program import run
from attnviz.models.gate.pickle_values import Tensor
from attnviz.models.gate.strangers import FIRST_BYTES, foreign_kind, looks_like_safetensors, refuse_strangers
from attnviz.models.gate.verdict import TensorInfo

LARGEST_PROGRAM = 16 * 2**20
MOST_MEMBERS = 25_000
LOCAL_HEADER = 30
USUAL_FLAGS = 0x808  # sizes behind the data, and names in UTF-8
DOS_ATTRIBUTES = 0xFF  # a member marked as a folder is skipped by torch, which then shows whatever was in memory
_TOP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\- ]*")
_DAMAGE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError, IndexError, KeyError, AssertionError),
)
_MEMBER = re.compile(
    r"data\.pkl|version|byteorder|\.data/serialization_id|\.format_version|\.storage_alignment|data/\d{1,9}"
)


def read_archive(stream: BinaryIO, size: int, name: str) -> dict[str, TensorInfo]:
    """Every tensor of a PyTorch file, without unpickling anything; raises CheckpointError."""
    _check_magic(stream, size, name)
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive, size, name)
            program = _read(archive, members["data.pkl"], name)
            tensors = run(program, name)
            _check_storages(tensors, members, name)
            _check_sums(archive, archive.infolist(), name)
            if "byteorder" in members and _read(archive, members["byteorder"], name) != b"little":
                raise _bad(name, "its numbers are in an unusual byte order")
    except _DAMAGE as error:  # zipfile answers garbage with any of these
        raise _bad(name, "its zip container is damaged or cut off") from error
    return {key: TensorInfo(name, tensor.dtype, tensor.shape) for key, tensor in tensors.items()}


def _check_magic(stream: BinaryIO, size: int, name: str) -> None:
    first = stream.read(FIRST_BYTES)
    refuse_strangers(first, name)
    if first.startswith(b"PK\x03\x04"):
        stream.seek(0)
        return
    if looks_like_safetensors(first, size):
        sentence = f"{name}: this is a safetensors file; rename it to model.safetensors."
        raise CheckpointError(sentence, "PICKLE_UNREADABLE")
    kind = foreign_kind(first)
    raise _bad(name, f"it is {kind}" if kind else "it is not in PyTorch's zip format (older formats are never read)")


def _members(archive: zipfile.ZipFile, size: int, name: str) -> dict[str, zipfile.ZipInfo]:
    """The archive's members by their names below the one top folder."""
    listed = archive.infolist()
    if not 1 <= len(listed) <= MOST_MEMBERS:
        raise _bad(name, f"it has {len(listed)} members; 1 to {MOST_MEMBERS} are possible")
    top = listed[0].filename.split("/")[0]
    members: dict[str, zipfile.ZipInfo] = {}
    for info in listed:
        inside = info.filename.removeprefix(f"{top}/")
        plain = _TOP.fullmatch(top) and info.orig_filename == info.filename
        if not plain or inside == info.filename or not _MEMBER.fullmatch(inside):
            raise _bad(name, f"its member {printable(info.filename)!r} does not belong into a weights file")
        if inside in members:
            raise _bad(name, f"its member {printable(info.filename)!r} stands in it twice")
        members[inside] = info
    for info in listed:
        stored = info.compress_type == zipfile.ZIP_STORED and info.compress_size == info.file_size
        if not stored or info.flag_bits & ~USUAL_FLAGS:
            raise _bad(name, f"its member {printable(info.filename)!r} is compressed, which PyTorch never does")
        if info.external_attr & DOS_ATTRIBUTES or info.volume:
            raise _bad(name, f"its member {printable(info.filename)!r} is not marked as a plain file")
    _check_places(listed, size, name)
    if "data.pkl" not in members:
        raise _bad(name, "it has no data.pkl")
    if members["data.pkl"].file_size > LARGEST_PROGRAM:
        raise _bad(name, "its data.pkl is far too large")
    return members


def _check_places(listed: list[zipfile.ZipInfo], size: int, name: str) -> None:
    """Members lie one behind the other within the file, so nothing is hidden before or counted twice."""
    end = 0
    for info in sorted(listed, key=lambda info: info.header_offset):
        if info.header_offset < end or (end == 0 and info.header_offset != 0):
            raise _bad(name, "its members overlap or don't start at the beginning of the file")
        end = info.header_offset + LOCAL_HEADER + len(info.filename.encode()) + info.file_size
    if end > size:
        raise _bad(name, f"its members need {end} bytes and the file has {size}")


def _check_storages(tensors: dict[str, Tensor], members: dict[str, zipfile.ZipInfo], name: str) -> None:
    for key, tensor in tensors.items():
        record = members.get(f"data/{tensor.storage}")
        if record is None:
            raise _bad(name, f"the numbers of tensor {printable(key)} are missing")
        if record.file_size != tensor.bytes:
            raise _bad(name, f"tensor {printable(key)} needs {tensor.bytes} bytes and is given {record.file_size}")


def _check_sums(archive: zipfile.ZipFile, listed: list[zipfile.ZipInfo], name: str) -> None:
    """Read every member once and compare checksums; torch itself doesn't look at them."""
    try:
        for info in listed:
            with archive.open(info) as member:
                while member.read(2**20):
                    pass
    except zipfile.BadZipFile as error:
        if "CRC" not in str(error):
            raise
        sentence = f"{name}: the checksum of {printable(info.filename)} is wrong, so its numbers were altered; download it again."
        raise CheckpointError(sentence, "WEIGHTS_CHECKSUM") from error


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    if info.file_size > LARGEST_PROGRAM:
        raise _bad(name, f"its member {printable(info.filename)!r} is far too large")
    try:
        return archive.read(info)
    except zipfile.BadZipFile as error:
        if "CRC" not in str(error):
            raise
        sentence = f"{name}: the checksum of {printable(info.filename)} is wrong; download it again."
        raise CheckpointError(sentence, "WEIGHTS_CHECKSUM") from error


def _bad(name: str, reason: str) -> CheckpointError:
    return CheckpointError(f"{name} is not a usable PyTorch file: {reason}; download it again.", "PICKLE_UNREADABLE")
