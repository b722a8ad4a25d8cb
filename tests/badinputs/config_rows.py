"""Rows C: what can be wrong with config.json and with the folder itself."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.badinputs import valid
from tests.badinputs.case import QUICK, Case
from tests.badinputs.safetensors_rows import NAME

UNREADABLE, RANGE, FAMILY, MISSING = "CONFIG_UNREADABLE", "CONFIG_RANGE", "MODEL_TYPE_UNSUPPORTED", "WEIGHTS_MISSING"


def raw(content: bytes) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / "config.json").write_bytes(content)

    return build


def keys(**changes: Any) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        valid.write_json(folder / "config.json", valid.config_json(**changes))

    return build


def evil(**changes: Any) -> Callable[[Path], None]:
    """A configuration that asks for code, which lies beside it."""

    def build(folder: Path) -> None:
        canary = folder.parent / "canary"
        for module in ("evil.py", "kernels.py", "sitecustomize.py"):
            for place in (folder, folder.parent):
                (place / module).write_text(f"open({str(canary)!r}, 'w').close()\nX = None\n", encoding="utf-8")
        keys(**changes)(folder)

    return build


def missing(folder: Path) -> None:
    (folder / "config.json").unlink()


def as_folder(folder: Path) -> None:
    missing(folder)
    (folder / "config.json").mkdir()


def fifo(name: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return build


def linked(target: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        missing(folder)
        (folder / "config.json").symlink_to(target)

    return build


def twice() -> Callable[[Path], None]:
    text = json.dumps(valid.config_json())
    return raw((text[:-1] + ', "hidden_size": 32}').encode())


def other(path: str) -> Callable[[Path], Path]:
    return lambda folder: folder.parent / path


def empty(folder: Path) -> Path:
    (folder.parent / "empty").mkdir()
    return folder.parent / "empty"


def crowded(folder: Path) -> Path:
    """A hundred thousand files, none of them ours."""
    place = folder.parent / "crowded"
    place.mkdir()
    keys()(place)
    for number in range(100_000):
        os.close(os.open(f"{place}/photo-{number}.jpg", os.O_CREAT | os.O_WRONLY))
    return place


def archive(name: str) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        (folder.parent / name).write_bytes(b"PK\x03\x04 and more")
        return folder.parent / name

    return build


def only(*names: str) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        (folder / NAME).unlink()
        for name in names:
            (folder / name).write_bytes(b"something")

    return build


def folder_loop(folder: Path) -> Path:
    (folder.parent / "loop").symlink_to("loop")
    return folder.parent / "loop"


def linked_folder(folder: Path) -> Path:
    (folder.parent / "linked").symlink_to(folder)
    return folder.parent / "linked"


def cache(*, escaping: bool) -> Callable[[Path], Path]:
    """A snapshot as Hugging Face's cache keeps it: links to blobs beside it."""

    def build(folder: Path) -> Path:
        tree = folder.parent / "models--someone--bert"
        snapshot = tree / "snapshots" / "abc"
        snapshot.mkdir(parents=True)
        (tree / "blobs").mkdir()
        for number, path in enumerate(sorted(folder.iterdir())):
            blob = (folder.parent if escaping else tree / "blobs") / f"blob{number}"
            path.rename(blob)
            (snapshot / path.name).symlink_to(blob)
        return snapshot

    return build


SIZE_KEYS = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "vocab_size",
    "intermediate_size",
    "max_position_embeddings",
)
WRONG_KINDS = {"text": "768", "null": None, "fraction": 16.5, "object": {"a": 1}, "true": True, "list": [16]}
CASES = (
    Case("C01-missing", missing, UNREADABLE, ("config.json",)),
    Case("C01-empty", raw(b""), UNREADABLE, ("empty",)),
    Case("C01-unfinished", raw(b"{"), UNREADABLE),
    Case("C01-list", raw(b"[]"), UNREADABLE),
    Case("C01-number", raw(b"3"), UNREADABLE),
    Case("C01-utf-16", raw(json.dumps(valid.config_json()).encode("utf-16")), UNREADABLE),
    Case("C01-byte-order-mark", raw(json.dumps(valid.config_json()).encode("utf-8-sig")), None),
    Case("C01-nested", raw(b"[" * 100_000), UNREADABLE, seconds=QUICK),
    Case("C01-nan", raw(b'{"hidden_size": NaN}'), UNREADABLE, ("NaN",)),
    Case("C01-infinite", raw(b'{"hidden_size": 1e999}'), UNREADABLE),
    Case("C01-long-number", raw(b'{"hidden_size": ' + b"1" * 10_000 + b"}"), UNREADABLE),
    Case("C01-key-twice", twice(), UNREADABLE, ("hidden_size", "twice")),
    Case("C01-large", raw(b" " * (2**20 + 1)), UNREADABLE, seconds=QUICK),
    Case("C01-folder", as_folder, "NOT_A_REGULAR_FILE"),
    Case("C01-fifo", fifo("config.json"), "NOT_A_REGULAR_FILE", seconds=1),
    Case("C01-tokenizer-fifo", fifo("tokenizer.json"), "NOT_A_REGULAR_FILE", seconds=1),
    Case("C01-settings-fifo", fifo("tokenizer_config.json"), None, ("ignored",), seconds=1),
    Case("C01-link-loop", linked("config.json"), "NOT_A_REGULAR_FILE"),
    Case("C01-link-to-passwords", linked("/etc/passwd"), "PATH_ESCAPES_FOLDER"),
    Case("C01-endless-device", linked("/dev/zero"), "NOT_A_REGULAR_FILE", seconds=QUICK),
    *(
        Case(f"C03-{key}-{kind}", keys(**{key: value}), RANGE, (key,))
        for key in SIZE_KEYS
        for kind, value in WRONG_KINDS.items()
    ),
    *(
        Case(f"C03-hidden_act-{kind}", keys(hidden_act=value), RANGE, ("hidden_act",))
        for kind, value in WRONG_KINDS.items()
    ),
    Case("C03-epsilon-text", keys(layer_norm_eps="1e-12"), RANGE, ("layer_norm_eps",)),
    Case("C03-epsilon-negative", keys(layer_norm_eps=-1), RANGE, ("layer_norm_eps",)),
    Case("C03-tied-text", keys(tie_word_embeddings="yes"), RANGE, ("tie_word_embeddings",)),
    Case("C04-hidden-zero", keys(hidden_size=0), RANGE, ("hidden_size is 0", "1 to 8192")),
    Case("C04-hidden-negative", keys(hidden_size=-16), RANGE, ("-16", "1 to 8192")),
    Case("C04-heads-zero", keys(num_attention_heads=0), RANGE, ("num_attention_heads", "1 to 128")),
    Case("C04-heads-uneven", keys(num_attention_heads=3), RANGE, ("num_attention_heads", "divisor")),
    Case("C04-vocabulary-zero", keys(vocab_size=0), RANGE, ("vocab_size",)),
    Case("C04-layers-negative", keys(num_hidden_layers=-1), RANGE, ("num_hidden_layers", "1 to 96")),
    Case("C04-padding-outside", keys(pad_token_id=320), RANGE, ("pad_token_id",)),
    Case("C04-unknown-activation", keys(hidden_act="mish"), RANGE, ("hidden_act", "gelu")),
    Case("C06-layers", keys(num_hidden_layers=20_000), RANGE, ("20000", "1 to 96"), seconds=QUICK),
    Case("C06-many-layers", keys(num_hidden_layers=10**7), RANGE, seconds=QUICK),
    Case(
        "C06-labels", keys(id2label={str(number): "x" for number in range(10_001)}), RANGE, ("id2label",), seconds=QUICK
    ),
    Case("C08-hidden", keys(hidden_size=10**9), RANGE, seconds=QUICK),
    Case("C08-vocabulary", keys(vocab_size=10**10), RANGE, seconds=QUICK),
    Case("C08-positions", keys(max_position_embeddings=10**9), RANGE, seconds=QUICK),
    Case(
        "C08-largest-legal",
        keys(hidden_size=8192, num_hidden_layers=96, vocab_size=10**6),
        "KEYS_MISMATCH",
        seconds=QUICK,
    ),
    Case("C09-unknown", keys(model_type="nonesuch"), FAMILY, ("nonesuch", "supported: bert")),
    Case("C09-absent", keys(model_type=...), FAMILY, ("supported: bert",)),
    Case("C09-list", keys(model_type=["bert"]), FAMILY, ("supported: bert",)),
    Case("C09-decoder", keys(is_decoder=True), "CONFIG_UNSUPPORTED", ("is_decoder",)),
    Case("C09-relative-positions", keys(position_embedding_type="relative_key"), "CONFIG_UNSUPPORTED", ("absolute",)),
    Case("C09-pruned", keys(pruned_heads={"0": [1]}), "CONFIG_UNSUPPORTED", ("pruned_heads",)),
    Case("C10-other-family", keys(model_type="gpt2"), FAMILY, ("gpt2",)),
    Case("C11-code-unknown-type", evil(model_type="evil", auto_map={"AutoModel": "evil.X"}), FAMILY, ("never run",)),
    Case(
        "C11-code-known-type",
        evil(auto_map={"AutoConfig": "evil.X", "AutoModel": "evil/repo--evil.X"}),
        None,
        ("auto_map is ignored",),
    ),
    Case("C11-trust", evil(trust_remote_code=True), None, ("trust_remote_code is ignored",)),
    Case("C11-trust-in-child", evil(trust_remote_code=True), None, ("trust_remote_code is ignored",), child=True),
    Case("C12-kernel", evil(attn_implementation="evil/kernel"), None, ("attn_implementation is ignored",)),
    Case(
        "C12-hidden-kernel",
        evil(_attn_implementation="kernels-community/x@rev"),
        None,
        ("_attn_implementation is ignored",),
        child=True,
    ),
    Case(
        "C12-quantised",
        keys(quantization_config={"quant_method": "evil"}, use_kernels=True),
        None,
        ("quantization_config", "use_kernels"),
    ),
    Case("C16-missing", other("nowhere"), "FOLDER_MISSING", seconds=1),
    Case("C16-hub-name", lambda folder: Path("google-bert/bert-base-uncased"), "FOLDER_MISSING", seconds=1),
    Case("C16-nul", lambda folder: Path("a\0b"), "FOLDER_MISSING", seconds=1),
    Case("C16-nul-in-child", lambda folder: Path("a\0b"), "FOLDER_MISSING", child=True),
    Case("C16-half-a-letter", lambda folder: Path("a\ud800"), "FOLDER_MISSING", child=True),
    Case("C16-dashes", lambda folder: Path("--allow-pickle"), "FOLDER_MISSING", child=True),
    Case("C16-long", lambda folder: Path("x" * 100_000), "FOLDER_MISSING", seconds=1),
    Case("C16-file", lambda folder: folder / "config.json", "NOT_A_FOLDER", seconds=1),
    Case("C16-empty", empty, UNREADABLE, ("config.json",), seconds=1),
    Case("C16-crowded", crowded, MISSING, seconds=1),
    Case("C16-loop", folder_loop, "FOLDER_MISSING", seconds=1),
    Case("C16-linked", linked_folder, None),
    Case("C16-cache", cache(escaping=False), None),
    Case("C16-cache-escape", cache(escaping=True), "PATH_ESCAPES_FOLDER"),
    Case("C17-zip", archive("model.zip"), "NEEDS_UNPACKING", ("please unpack first",)),
    Case("C17-tar", archive("model.tar.gz"), "NEEDS_UNPACKING", ("please unpack first",)),
    Case("C18-h5", only("tf_model.h5"), MISSING, ("tf_model.h5", "model.safetensors")),
    Case("C18-gguf", only("bert-q4.gguf", "flax_model.msgpack"), MISSING, ("bert-q4.gguf", "model.safetensors")),
    Case("C18-none", only(), MISSING, ("none",)),
)
