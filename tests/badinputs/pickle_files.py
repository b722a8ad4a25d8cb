"""How to make a PyTorch file that is wrong in one way: by torch itself, by a handmade program, or byte by byte."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.badinputs import valid

NAME = "pytorch_model.bin"


@dataclass
class Storage:
    """Stands for a record of the archive; ``torch.save`` would write the same reference."""

    key: str = "0"
    count: int = 16
    kind: Any = torch.FloatStorage


@dataclass
class Reduced:
    """Pickles as a call of ``function``."""

    function: Any
    arguments: tuple[Any, ...]

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.function, self.arguments


def tensor(storage: Storage, shape: Any = (16,), stride: Any = (1,), offset: int = 0, hooks: Any = None) -> Reduced:
    arguments = (storage, offset, shape, stride, False, OrderedDict() if hooks is None else hooks)
    return Reduced(torch._utils._rebuild_tensor_v2, arguments)


class Canary:
    """Would make a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        import os

        return os.system, (f"touch {self.path}",)


class Pickler(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return ("storage", value.kind, value.key, "cpu", value.count) if isinstance(value, Storage) else None


def program(value: Any) -> bytes:
    file = io.BytesIO()
    Pickler(file, 2).dump(value)
    return file.getvalue()


def state() -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(array) for name, array in valid.tensors().items()}


def saved(make: Callable[[Path], Any], **options: Any) -> Callable[[Path], None]:
    """What torch.save writes of ``make(canary)``."""

    def build(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        torch.save(make(folder.parent / "canary"), folder / NAME, **options)

    return build


def content(make: Callable[[Path], bytes]) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        raw = make(folder)
        (folder / "model.safetensors").unlink()
        (folder / NAME).write_bytes(raw)

    return build


Member = tuple[str, bytes]


def archive(members: Iterable[Member], **options: Any) -> Callable[[Path], None]:
    return content(lambda folder: zipped(members, **options))


def zipped(members: Iterable[Member], **options: Any) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as found:
        for name, raw in members:
            found.writestr(name, raw)
    return file.getvalue()


def table(value: Any, *more: Member) -> Callable[[Path], None]:
    """An archive around a handmade program and one record of 64 bytes."""
    raw = value if isinstance(value, bytes) else program(value)
    return archive([("a/data.pkl", raw), ("a/data/0", bytes(64)), ("a/version", b"3\n"), *more])


def rewritten(change: Callable[[list[Member]], list[Member]], **options: Any) -> Callable[[Path], None]:
    """A good archive, unpacked, changed and packed again."""

    def build(folder: Path) -> None:
        saved(lambda canary: state())(folder)
        with zipfile.ZipFile(folder / NAME) as found:
            members = [(info.filename, found.read(info)) for info in found.infolist()]
        (folder / NAME).write_bytes(zipped(change(members), **options))

    return build


def bytewise(change: Callable[[bytearray, zipfile.ZipInfo], bytes]) -> Callable[[Path], None]:
    """A good file with single bytes changed, given where the record data/0 is."""

    def build(folder: Path) -> None:
        saved(lambda canary: state())(folder)
        with zipfile.ZipFile(folder / NAME) as found:
            record = next(info for info in found.infolist() if info.filename.endswith("data/0"))
        (folder / NAME).write_bytes(change(bytearray((folder / NAME).read_bytes()), record))

    return build


def calling(name: str) -> bytes:
    """A program that calls ``name`` with one text: GLOBAL, BINUNICODE, TUPLE1, REDUCE, STOP."""
    module, function = name.split()
    return b"\x80\x02" + f"c{module}\n{function}\n".encode() + b"X\x01\x00\x00\x00x\x85R."


def stacked(name: str) -> bytes:
    """The same through STACK_GLOBAL, with names that come from the stack."""
    module, function = name.split()
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, function))
    return b"\x80\x04" + texts + b"\x93\x8c\x01x\x85R."


def flip(raw: bytearray, record: zipfile.ZipInfo) -> bytes:
    start = record.header_offset
    name, extra = struct.unpack_from("<HH", raw, start + 26)
    raw[start + 30 + name + extra + 5] ^= 0x10
    return bytes(raw)


def tar(folder: Path) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as found:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            found.addfile(tarfile.TarInfo(name), io.BytesIO())
    return file.getvalue()


def sparse(canary: Path) -> Any:
    coordinates = torch.tensor([[10**12]])
    return {"a": torch.sparse_coo_tensor(coordinates, torch.ones(1), (2,), check_invariants=False)}


def tied(canary: Path) -> Any:
    found = state()
    found["cls.predictions.decoder.weight"] = found["bert.embeddings.word_embeddings.weight"]
    return OrderedDict(found)


def shared(canary: Path) -> Any:
    numbers = torch.zeros(32)
    return {"a": numbers[:16], "b": numbers[16:]}


def deep_keys(depth: int = 200_000) -> bytes:
    """A table key nested so deeply that computing its hash would exhaust the C stack."""
    return b"\x80\x02})" + b"\x85" * depth + b"K\x01s."


def memo_bomb() -> bytes:
    """Lists of lists of lists, each holding the last one twice: 2 ** 200 of them if anybody walked through."""
    return b"\x80\x02]q\x00" + b"]h\x00ah\x00aq\x00" * 200 + b"."


def nested_lists() -> bytes:
    return b"\x80\x02" + b"]" * 300_000 + b"a" * 299_999 + b"."


def marked_as_folder(raw: bytearray, record: zipfile.ZipInfo) -> bytes:
    """The DOS attribute of a folder in the central directory: torch then reads nothing and shows what was in memory."""
    entry = raw.rfind(record.filename.encode()) - 46
    raw[entry + 38] |= 0x10
    return bytes(raw)


def half(raw: bytearray, record: zipfile.ZipInfo) -> bytes:
    return bytes(raw[: len(raw) // 2])


def prepended(raw: bytearray, record: zipfile.ZipInfo) -> bytes:
    return b"PK\x03\x04 something else first" + bytes(raw)


def without(end: str) -> Callable[[list[Member]], list[Member]]:
    return lambda members: [(name, raw) for name, raw in members if not name.endswith(end)]


def doubled(folder: Path) -> None:
    """Two members of one name, of which readers pick different ones."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rewritten(lambda members: [*members, members[-1]])(folder)


def resized(members: list[Member]) -> list[Member]:
    return [(name, bytes(100) if name.endswith("data/0") else raw) for name, raw in members]
