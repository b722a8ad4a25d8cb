"""Rows P: what can be wrong with pytorch_model.bin. Payloads would make a canary file; none may."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict

import torch

from tests.badinputs.case import QUICK, Builder, Case
from tests.badinputs.pickle_files import (
    Canary,
    Storage,
    archive,
    bytewise,
    calling,
    content,
    deep_keys,
    doubled,
    flip,
    half,
    marked_as_folder,
    memo_bomb,
    nested_lists,
    prepended,
    program,
    resized,
    rewritten,
    saved,
    shared,
    sparse,
    stacked,
    state,
    table,
    tar,
    tensor,
    tied,
    without,
)
from tests.badinputs.safetensors_rows import LFS

UNSAFE, UNREADABLE = "UNSAFE_PICKLE", "PICKLE_UNREADABLE"
CODE = (
    *("builtins eval", "builtins exec", "runpy run_path", "pty spawn", "ctypes CDLL", "importlib import_module"),
    *(
        "webbrowser open",
        "cProfile run",
        "io FileIO",
        "logging FileHandler",
        "urllib.request urlopen",
        "types CodeType",
    ),
    *(
        "uuid _get_command_stdout",
        "operator methodcaller",
        "posix system",
        "torch load",
        "torch._utils _rebuild_sparse_tensor",
    ),
    *("torch.storage UntypedStorage", "collections Counter", "__builtin__ bytearray"),
)
SPARSE_GLOBAL = "torch._utils._rebuild_sparse_tensor"
BIG = {"a": tensor(Storage(count=10**11), (10**11,))}


def row(identity: str, build: Builder, code: str | None, *words: str, quick: bool = False) -> Case:
    return Case(identity, build, code, words, QUICK if quick else 5.0, consent=True)


CASES = (
    row("P00-good", saved(lambda canary: state()), None),
    row("P00-good-ordered-and-tied", saved(tied), None),
    row("P00-good-parameters", saved(lambda canary: {k: torch.nn.Parameter(v) for k, v in state().items()}), None),
    row("P00-good-half", saved(lambda canary: {k: v.half() for k, v in state().items()}), None),
    row("P01-reduce", saved(lambda canary: {"a": Canary(canary)}), UNSAFE, "posix.system"),
    row("P02-legacy", saved(lambda canary: state(), _use_new_zipfile_serialization=False), UNREADABLE),
    row("P02-legacy-reduce", saved(Canary, _use_new_zipfile_serialization=False), UNREADABLE),
    row("P02-bare", content(lambda folder: pickle.dumps(Canary(folder.parent / "canary"))), UNREADABLE),
    row("P02-tar", content(tar), UNREADABLE),
    *(row(f"P03-{name.replace(' ', '.')}", table(calling(name)), UNSAFE, name.replace(" ", ".")) for name in CODE),
    *(
        row(f"P03-stack-{name.replace(' ', '.')}", table(stacked(name)), UNSAFE, name.replace(" ", "."))
        for name in CODE[:3]
    ),
    row("P04-module", saved(lambda canary: torch.nn.Linear(2, 2)), UNSAFE, "torch.nn.modules.linear.Linear"),
    row("P04-script", table({}, ("a/code/__torch__.py", b"x"), ("a/constants.pkl", b"x")), UNREADABLE),
    row("P05-empty", content(lambda folder: b""), UNREADABLE),
    row("P05-random", content(lambda folder: bytes((7 * number * number) % 251 for number in range(4096))), UNREADABLE),
    row("P05-web-page", content(lambda folder: b"\n<html>404</html>"), "WEB_PAGE"),
    row("P05-lfs", content(lambda folder: LFS), "GIT_LFS_POINTER"),
    row(
        "P05-safetensors",
        content(lambda folder: (folder / "model.safetensors").read_bytes()),
        UNREADABLE,
        "this is a safetensors file",
    ),
    row("P06-half", bytewise(half), UNREADABLE),
    row("P06-missing-record", rewritten(without("data/0")), UNREADABLE, "missing"),
    row("P06-short-record", rewritten(resized), UNREADABLE, "100"),
    row("P06-no-program", rewritten(without("data.pkl")), UNREADABLE, "data.pkl"),
    row("P06-evil-member", rewritten(lambda members: [*members, ("../../evil", b"x")]), UNREADABLE, "evil"),
    row("P06-twice", doubled, UNREADABLE, "twice"),
    row("P06-nul-in-name", rewritten(lambda members: [*members, ("a/version\0.txt", b"x")]), UNREADABLE),
    row("P06-two-top-folders", rewritten(lambda members: [*members, ("b/data/1", b"x")]), UNREADABLE),
    row("P06-upper-case", rewritten(lambda members: [*members, ("a/DATA.PKL", b"x")]), UNREADABLE),
    row("P06-something-first", bytewise(prepended), UNREADABLE),
    row(
        "P06-big-endian",
        rewritten(lambda members: [(n, b"big" if n.endswith("byteorder") else r) for n, r in members]),
        UNREADABLE,
    ),
    row("P07-marked-as-folder", bytewise(marked_as_folder), UNREADABLE, "plain file"),
    row("P07-flipped", bytewise(flip), "WEIGHTS_CHECKSUM", "data/0"),
    row(
        "P08-compressed",
        archive([("a/data.pkl", bytes(2**26))], compression=zipfile.ZIP_DEFLATED),
        UNREADABLE,
        "compressed",
        quick=True,
    ),
    row(
        "P08-compressed-record", rewritten(list, compression=zipfile.ZIP_DEFLATED), UNREADABLE, "compressed", quick=True
    ),
    row("P08-large-program", table(bytes(17 * 2**20)), UNREADABLE, "too large", quick=True),
    row(
        "P09-bytearray",
        table(b"\x80\x02c__builtin__\nbytearray\nJ\x00\x94\x35\x77\x85R."),
        UNSAFE,
        "bytearray",
        quick=True,
    ),
    row("P09-many-steps", table(b"\x80\x02" + b"N0" * 600_000 + b"N."), UNSAFE),
    row("P09-too-many-steps", table(b"\x80\x02" + b"N\x85" * 600_000 + b"."), UNREADABLE, "steps"),
    row("P09-memo-bomb", table(memo_bomb()), UNREADABLE, quick=True),
    row("P09-deep-lists", table(nested_lists()), UNREADABLE),
    row("P09-deep-keys", table(deep_keys()), UNREADABLE, "keys"),
    row("P10-sparse", saved(sparse), UNSAFE, SPARSE_GLOBAL),
    row("P10-slice", saved(lambda canary: {"a": torch.zeros(32)[3:5]}), UNREADABLE, "contiguous"),
    row("P10-transposed", saved(lambda canary: {"a": torch.zeros(4, 3).T}), UNREADABLE, "contiguous"),
    row("P10-expanded", saved(lambda canary: {"a": torch.zeros(1).expand(10**6)}), UNREADABLE, "contiguous"),
    row("P10-shared", saved(shared), UNREADABLE),
    row("P10-complex", saved(lambda canary: {"a": torch.zeros(2, dtype=torch.complex64)}), UNSAFE),
    row("P12-numel", table(BIG), UNREADABLE, quick=True),
    row("P12-negative", table({"a": tensor(Storage(), (-16,), (1,))}), UNREADABLE, quick=True),
    row("P12-offset", table({"a": tensor(Storage(), offset=4)}), UNREADABLE, quick=True),
    row("P12-huge-stride", table({"a": tensor(Storage(), (16,), (2**60,))}), UNREADABLE, quick=True),
    row("P12-shape-list", table({"a": tensor(Storage(), [16], (1,))}), UNREADABLE, quick=True),
    row("P12-hooks", table({"a": tensor(Storage(), hooks=OrderedDict(a=1))}), UNREADABLE, quick=True),
    row("P12-storage-key", table({"a": tensor(Storage(key="../0"))}), UNREADABLE, quick=True),
    row(
        "P12-two-types",
        table({"a": tensor(Storage()), "b": tensor(Storage(kind=torch.IntStorage))}),
        UNREADABLE,
        quick=True,
    ),
    row("P12-set-item-on-tensor", table(program(tensor(Storage()))[:-1] + b"K\x00K\x01s."), UNSAFE, quick=True),
    row("P12-state-of-tensor", table(program(tensor(Storage()))[:-1] + b"}b."), UNSAFE, quick=True),
    row("P14-number-key", table({1: tensor(Storage())}), UNREADABLE, quick=True),
    row("P14-none-key", table({None: 3}), UNREADABLE, quick=True),
    row("P14-bare-tensor", saved(lambda canary: torch.zeros(3)), UNREADABLE, "state_dict"),
    row(
        "P14-training",
        saved(lambda canary: {"model": state(), "optimizer": {"step": 3}}),
        UNREADABLE,
        "state_dict alone",
    ),
    row("P14-nothing", table({}), UNREADABLE, quick=True),
    row("P14-trailing", table(program({"a": tensor(Storage())}) + b"more"), UNREADABLE, "extra bytes", quick=True),
    Case("P00-no-consent", saved(lambda canary: state()), "PICKLE_NEEDS_CONSENT", ("less safe",)),
    Case(
        "P01-in-child", saved(lambda canary: {"a": Canary(canary)}), UNSAFE, ("posix.system",), consent=True, child=True
    ),
    Case("P09-deep-keys-in-child", table(deep_keys()), UNREADABLE, ("keys",), consent=True, child=True),
)
