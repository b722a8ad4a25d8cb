"""Rows S: what can be wrong with model.safetensors and with its sharded form."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.badinputs import valid
from tests.badinputs.case import QUICK, Case

NAME = "model.safetensors"
INDEX = "model.safetensors.index.json"
HEADER, CUT, IRREGULAR = "WEIGHTS_HEADER", "WEIGHTS_TRUNCATED", "NOT_A_REGULAR_FILE"
ESCAPES, BAD_INDEX = "PATH_ESCAPES_FOLDER", "INDEX_UNREADABLE"


def content(raw: bytes) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / NAME).write_bytes(raw)

    return build


def header(raw: bytes, data: bytes = b"", length: int | None = None) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        valid.write_raw(folder / NAME, raw, data, length)

    return build


def entry(**changes: Any) -> Callable[[Path], None]:
    """One more tensor, four bytes long unless ``changes`` say otherwise."""

    def build(folder: Path) -> None:
        found, data = valid.split_safetensors(folder / NAME)
        name = changes.get("name", "more")
        found[name] = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
        found[name] |= {key: value for key, value in changes.items() if key != "name"}
        valid.write_raw(folder / NAME, json.dumps(found).encode(), data + bytes(4))

    return build


def move(start: int, stop: int) -> Callable[[Path], None]:
    """Two tensors of four bytes, the second at an odd place."""
    first = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    second = {"dtype": "F32", "shape": [(stop - start) // 4], "data_offsets": [start, stop]}
    return header(json.dumps({"a": first, "b": second}).encode(), bytes(max(8, stop)))


def first_length(number: int) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        raw = (folder / NAME).read_bytes()
        (folder / NAME).write_bytes(number.to_bytes(8, "little") + raw[8:])

    return build


def cut(share: float) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        raw = (folder / NAME).read_bytes()
        (folder / NAME).write_bytes(raw[: int(len(raw) * share)])

    return build


def append(folder: Path) -> None:
    with (folder / NAME).open("ab") as file:
        file.write(b"PK\x03\x04 and more")


def many_tensors(folder: Path) -> None:
    """A header of some 85 MB with 1.3 million empty tensors."""
    one = b',"tensor_%09d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    raw = b"{" + b"".join(one % number for number in range(1_300_000))[1:] + b"}"
    valid.write_raw(folder / NAME, raw)


def sparse(folder: Path) -> None:
    """Six gigabytes of zeros that take no space on disk."""
    found, data = valid.split_safetensors(folder / NAME)
    count = 6 * 2**30 // 4
    found["more"] = {"dtype": "F32", "shape": [count], "data_offsets": [len(data), len(data) + 4 * count]}
    valid.write_raw(folder / NAME, json.dumps(found).encode(), data)
    os.truncate(folder / NAME, (folder / NAME).stat().st_size + 4 * count)


def as_fifo(folder: Path) -> None:
    (folder / NAME).unlink()
    os.mkfifo(folder / NAME)


def as_folder(folder: Path) -> None:
    (folder / NAME).unlink()
    (folder / NAME).mkdir()


def as_link(target: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / NAME).unlink()
        (folder / NAME).symlink_to(target)

    return build


def unreadable(folder: Path) -> None:
    (folder / NAME).chmod(0)


def typed(dtype: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        valid.write_safetensors(folder / NAME, valid.tensors(dtype="I64" if dtype == "I64" else "F8_E4M3"), dtype)

    return build


def shards(change: Callable[[dict[str, Any], Path], None]) -> Callable[[Path], None]:
    """The same weights in two files, then ``change`` the index."""

    def build(folder: Path) -> None:
        arrays = valid.tensors()
        names = list(arrays)
        files = {
            name: f"model-0000{1 + (place > len(names) // 2)}-of-00002.safetensors" for place, name in enumerate(names)
        }
        for file in set(files.values()):
            valid.write_safetensors(folder / file, {name: arrays[name] for name in names if files[name] == file})
        (folder / NAME).rename(folder.parent / "outside.safetensors")
        index: dict[str, Any] = {"metadata": {}, "weight_map": files}
        change(index, folder)
        valid.write_json(folder / INDEX, index)

    return build


def place(file: Any) -> Callable[[Path], None]:
    """A sharded checkpoint whose first tensor is said to be in ``file``."""

    def change(index: dict[str, Any], folder: Path) -> None:
        first = next(iter(index["weight_map"]))
        index["weight_map"][first] = file.format(folder=folder) if isinstance(file, str) else file

    return shards(change)


def _link_outside(index: dict[str, Any], folder: Path) -> None:
    (folder / "linked.safetensors").symlink_to("../outside.safetensors")
    index["weight_map"][next(iter(index["weight_map"]))] = "linked.safetensors"


def _promise_more(index: dict[str, Any], folder: Path) -> None:
    index["weight_map"]["bert.promised.weight"] = next(iter(index["weight_map"].values()))


def _in_both(index: dict[str, Any], folder: Path) -> None:
    file = sorted(set(index["weight_map"].values()))[1]
    name = next(iter(index["weight_map"]))
    found, data = valid.split_safetensors(folder / file)
    found[name] = {"dtype": "F32", "shape": [2], "data_offsets": [len(data), len(data) + 8]}
    valid.write_raw(folder / file, json.dumps(found).encode(), data + np.zeros(2, np.float32).tobytes())


def _million(index: dict[str, Any], folder: Path) -> None:
    index["weight_map"] = {f"t{number}": f"s{number}.safetensors" for number in range(200_000)}


def _thousand_files(index: dict[str, Any], folder: Path) -> None:
    index["weight_map"] |= {f"t{number}": f"s{number}.safetensors" for number in range(1000)}


def _nothing(index: dict[str, Any], folder: Path) -> None:
    index["weight_map"] = {}


def _twice_a_key() -> Callable[[Path], None]:
    one = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    return header(b"{" + one + b"," + one + b"}", bytes(4))


LONG = "x" * 1_000_000
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 45798784\n"
CASES = (
    Case("S01-empty", content(b""), CUT, ("0 bytes",)),
    Case("S01-seven-bytes", content(b"1234567"), CUT),
    Case("S02-short-length", first_length(1000), HEADER),
    Case("S02-tiny-file", header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4), 1000), HEADER),
    Case("S03-highest-length", first_length(2**64 - 1), HEADER, seconds=QUICK),
    Case("S03-hundred-million", first_length(100_000_001), HEADER, seconds=QUICK),
    Case("S04-lfs-pointer", content(LFS), "GIT_LFS_POINTER", ("Git LFS pointer", "download the real file")),
    Case("S04-web-page", content(b"<!DOCTYPE html><html><body>404</body></html>"), "WEB_PAGE", ("web page",)),
    Case("S05-not-utf-8", header(b"\xff\xfe{}"), HEADER),
    Case("S05-not-utf-8-inside", header(b'{"\xff":1}'), HEADER),
    Case("S05-unfinished", header(b'{"a":'), HEADER),
    Case("S05-list", header(b"[]"), HEADER),
    Case("S05-nested-lists", header(b"[" * 100_000), HEADER, seconds=QUICK),
    Case("S05-nested-objects", header(b'{"a":' * 100_000), HEADER, seconds=QUICK),
    Case("S05-same-key-twice", _twice_a_key(), HEADER, ("twice",)),
    Case("S05-nan", header(b'{"a":NaN}'), HEADER),
    Case("S05-long-number", header(b'{"a":' + b"9" * 10_000 + b"}"), HEADER),
    Case("S05-metadata-list", header(b'{"__metadata__":[]}'), HEADER),
    Case("S05-metadata-number", header(b'{"__metadata__":{"format":3}}'), HEADER),
    Case("S05-no-tensors", header(b"{}"), HEADER),
    Case("S06-overlap", move(4, 12), HEADER, ("overlaps",)),
    Case("S06-same-range", move(0, 8), HEADER, ("overlaps",)),
    Case("S07-hole", move(16, 24), HEADER, ("extra bytes",)),
    Case("S07-trailing", append, HEADER, ("extra bytes",)),
    Case("S08-half", cut(0.5), CUT, ("bytes",)),
    Case("S08-cut-in-header", cut(0.02), CUT),
    Case("S09-shape-too-large", entry(shape=[9]), HEADER),
    Case("S09-overflow", entry(shape=[2, 2**64 - 2]), HEADER),
    Case("S09-negative", entry(shape=[-1]), HEADER),
    Case("S09-shape-float", entry(shape=[1.0]), HEADER),
    Case("S09-shape-true", entry(shape=[True]), HEADER),
    Case("S09-offsets-float", entry(data_offsets=[0.0, 4.0]), HEADER),
    Case("S09-offsets-negative", entry(data_offsets=[-4, 0]), HEADER),
    Case("S09-offsets-reversed", entry(data_offsets=[4, 0]), HEADER),
    Case("S09-offsets-three", entry(data_offsets=[0, 4, 4]), HEADER),
    Case("S11-many-tensors", many_tensors, "WEIGHTS_HEADER_TOO_BIG", seconds=QUICK),
    Case("S12-sparse", sparse, "TOO_BIG", ("memory",), seconds=QUICK, memory=2**30),
    Case("S13-empty-name", entry(name=""), HEADER),
    Case("S13-nul-name", entry(name="\0"), HEADER, (r"\x00",)),
    Case("S13-path-name", entry(name="../../x"), HEADER),
    Case("S13-emoji-name", entry(name="😀"), HEADER),
    Case("S13-long-name", entry(name=LONG), HEADER, ("…",)),
    Case("S13-rank", entry(shape=[1] * 1000), HEADER),
    Case("S13-empty-and-endless", entry(shape=[0, 2**62], data_offsets=[0, 0]), HEADER),
    Case("S17-fifo", as_fifo, IRREGULAR, seconds=1),
    Case("S17-folder", as_folder, IRREGULAR, seconds=1),
    Case("S17-device", as_link("/dev/zero"), IRREGULAR, seconds=1),
    Case("S17-own-loop", as_link(NAME), IRREGULAR, seconds=1),
    Case("S17-dangling", as_link("nowhere"), IRREGULAR, seconds=1),
    Case("S17-unreadable", unreadable, IRREGULAR, ("permissions",), seconds=1),
    Case("W06-integers", typed("I64"), "WEIGHTS_DTYPE", ("I64",)),
    Case("W06-float8", typed("F8_E4M3"), "WEIGHTS_DTYPE", ("F8_E4M3",)),
    Case("W06-unknown-type", entry(dtype="Q4_K"), "WEIGHTS_DTYPE"),
    Case("C14-parent", place("../outside.safetensors"), ESCAPES),
    Case("C14-absolute", place("{folder}/../outside.safetensors"), ESCAPES),
    Case("C14-link", shards(_link_outside), ESCAPES),
    Case("C14-backslash", place("..\\outside.safetensors"), ESCAPES),
    Case("C14-nul", place("model\0.safetensors"), ESCAPES),
    Case("C14-itself", place("."), ESCAPES),
    Case("C14-number", place(3), BAD_INDEX),
    Case("C14-not-safetensors", place("config.json"), BAD_INDEX),
    Case("C14-missing-shard", place("model-00003-of-00002.safetensors"), IRREGULAR),
    Case("C14-promised", shards(_promise_more), BAD_INDEX, ("bert.promised.weight",)),
    Case("C14-in-two-files", shards(_in_both), BAD_INDEX),
    Case("C14-million", shards(_million), BAD_INDEX, seconds=1),
    Case("C14-thousand-files", shards(_thousand_files), BAD_INDEX, seconds=QUICK),
    Case("C14-empty-map", shards(_nothing), BAD_INDEX),
    Case("C14-sound-shards", shards(lambda index, folder: None), None),
)
