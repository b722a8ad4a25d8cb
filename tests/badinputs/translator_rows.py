"""Rows D: what can be wrong with the folder of an encoder–decoder, whose tokenizer.json holds two tokenizers."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.badinputs import case, valid
from tests.badinputs.case import QUICK
from tests.translators import SPECIAL, config_json, tiny_config, tokenizers_json, word_level, write_translator

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
UNREADABLE, LACKING, RANGE, VOCABULARY = "TOKENIZER_UNREADABLE", "TOKENIZER_MISSING", "CONFIG_RANGE", "VOCAB_MISMATCH"
Build = Callable[[Path], None]
Case = partial(case.Case, start=write_translator)


def raw(content: bytes, name: str = TOKENIZER) -> Build:
    def build(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return build


def keys(**changes: Any) -> Build:
    """The configuration with some keys changed; the value ... leaves a key out."""

    def build(folder: Path) -> None:
        found = {**config_json(tiny_config()), **changes}
        valid.write_json(folder / "config.json", {key: value for key, value in found.items() if value is not ...})

    return build


def sides(**changes: Any) -> Build:
    """The two tokenizers with some keys changed; the value ... leaves a key out."""
    found = {**tokenizers_json(), **changes}
    return raw(json.dumps({key: value for key, value in found.items() if value is not ...}).encode())


def missing(name: str) -> Build:
    return lambda folder: (folder / name).unlink()


def renamed(folder: Path) -> None:
    """A vocabulary as BERT's old folders have it."""
    (folder / TOKENIZER).rename(folder / "vocab.txt")


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Build:
    """The stored weights after ``change`` has been at them."""

    def build(folder: Path) -> None:
        found = load_file(folder / WEIGHTS)
        change(found)
        save_file(found, folder / WEIGHTS)

    return build


def dropped(*names: str) -> Build:
    return weights(lambda found: [found.pop(name) for name in names])


def reshaped(name: str, *sizes: int) -> Build:
    return weights(lambda found: found.update({name: torch.zeros(sizes)}))


def filled(name: str, value: float) -> Build:
    return weights(lambda found: found[name].fill_(value))


def pickled(folder: Path) -> None:
    """The weights as torch.save leaves them, and no others."""
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def words(count: int) -> dict[str, Any]:
    """A tokenizer of so many words."""
    return word_level((*SPECIAL, *(f"w{number}" for number in range(count - len(SPECIAL)))))


def nested(side: str, depth: int) -> Build:
    """A tokenizer whose normalizer is a sequence in a sequence in a sequence, and so on."""
    inner = b'{"type":"Sequence","normalizers":[' * depth + b"]}" * depth
    other = json.dumps(words(8)).encode()
    halves = {"source": other, "target": other, side: b'{"model":{},"normalizer":' + inner + b"}"}
    return raw(b'{"format_version":1,"source":' + halves["source"] + b',"target":' + halves["target"] + b"}")


def pairs(depth: int) -> Build:
    """A pair whose source is a pair whose source is a pair."""
    other = json.dumps(words(8)).encode()
    opening, closing = b'{"format_version":1,"source":', b',"target":' + other + b"}"
    return raw(opening * depth + other + closing * depth)


def swapped(folder: Path) -> None:
    """What is written with in the place of what is read with."""
    found = tokenizers_json()
    valid.write_json(folder / TOKENIZER, {**found, "source": found["target"], "target": found["source"]})


def blanks(folder: Path) -> None:
    raw(b'{"format_version":1,"source":{},"target":{}}' + b" " * 40 * 2**20)(folder)


def large_side(folder: Path) -> None:
    """Forty megabytes of valid JSON, made only when they are wanted."""
    sides(target={"model": "x" * 40 * 2**20})(folder)


NO_OBJECT: dict[str, Any] = {"text": "words", "list": [], "null": None, "number": 3, "true": True}
WRONG_VERSIONS: dict[str, Any] = {
    "other": 2,
    "zero": 0,
    "text": "1",
    "fraction": 1.0,
    "true": True,
    "null": None,
    "absent": ...,
}
CASES = (
    *(
        Case(f"D01-config-version-{kind}", keys(format_version=value), "FORMAT_VERSION", ("format_version", "1"))
        for kind, value in WRONG_VERSIONS.items()
    ),
    *(
        Case(f"D02-tokenizer-version-{kind}", sides(format_version=value), "FORMAT_VERSION", (TOKENIZER, "reads 1"))
        for kind, value in WRONG_VERSIONS.items()
    ),
    Case("D03-no-tokenizer", missing(TOKENIZER), LACKING, ("no tokenizer.json", "both vocabularies")),
    Case("D03-vocabulary-file", renamed, LACKING, ("no tokenizer.json",)),
    Case("D03-no-source", sides(source=...), LACKING, ("no source tokenizer",)),
    Case("D03-no-target", sides(target=...), LACKING, ("no target tokenizer",)),
    Case("D03-one-for-both", raw(json.dumps({"format_version": 1, **words(8)}).encode()), LACKING, ("no source",)),
    *(
        Case(f"D04-{side}-{kind}", sides(**{side: value}), LACKING, (f"no {side} tokenizer",))
        for side in ("source", "target")
        for kind, value in NO_OBJECT.items()
    ),
    *(Case(f"D04-{side}-empty", sides(**{side: {}}), UNREADABLE, (side,)) for side in ("source", "target")),
    Case("D04-swapped", swapped, VOCABULARY, ("target_vocabulary", "ids up to 29")),
    Case("D05-target-nested", nested("target", 100_000), UNREADABLE, seconds=QUICK),
    Case("D05-source-nested", nested("source", 100_000), UNREADABLE, seconds=QUICK),
    *(Case(f"D05-target-nested-{depth}", nested("target", depth), UNREADABLE) for depth in (100, 200, 400, 800)),
    *(Case(f"D05-pairs-{depth}", pairs(depth), UNREADABLE, ("source",)) for depth in (2, 100, 400, 800)),
    Case("D05-many-pairs", pairs(100_000), UNREADABLE, seconds=QUICK),
    Case(
        "D06-large",
        blanks,
        "TOKENIZER_TOO_BIG",
        ("32.0 MiB",),
        seconds=QUICK,
    ),
    Case(
        "D06-large-side",
        large_side,
        "TOKENIZER_TOO_BIG",
        ("32.0 MiB",),
    ),
    Case("D06-not-json", raw(b"\xff\xfe{"), UNREADABLE),
    Case("D06-unfinished", raw(b'{"format_version":1,"source":{'), UNREADABLE),
    Case("D06-side-twice", raw(b'{"format_version":1,"source":{},"source":{},"target":{}}'), UNREADABLE, ("twice",)),
    Case("D07-target-too-large", sides(target=words(9)), VOCABULARY, ("ids up to 8", "target_vocabulary", "is 8")),
    Case("D07-source-too-large", sides(source=words(31)), VOCABULARY, ("ids up to 30", "source_vocabulary", "is 30")),
    Case("D07-few-embeddings", keys(target_vocabulary=9), "SHAPE_MISMATCH", ("[8, 6]", "[9, 6]")),
    Case("D07-few-source-embeddings", keys(source_vocabulary=31), "SHAPE_MISMATCH", ("[30, 6]", "[31, 6]")),
    Case("D07-small-tokenizer", sides(target=words(6)), None),
    Case("D08-decoder-width", keys(decoder_width=12), "SHAPE_MISMATCH"),
    Case("D08-encoder-width", keys(encoder_width=12), "SHAPE_MISMATCH"),
    Case("D08-embedding", keys(embedding=7), "SHAPE_MISMATCH"),
    Case("D08-bridge", reshaped("encoder.bridge.weight", 10, 9), "SHAPE_MISMATCH", ("encoder.bridge.weight",)),
    Case("D08-flat", reshaped("combine.weight", 120), "SHAPE_MISMATCH", ("combine.weight", "[120]")),
    Case("D08-odd-encoder", keys(encoder_width=9), RANGE, ("encoder_width", "even")),
    Case("D08-dot", keys(attention="dot", decoder_width=12), RANGE, ("decoder_width", "dot attention")),
    Case("D09-bias", dropped("output_bias"), "KEYS_MISMATCH", ("1 missing", "output_bias")),
    Case("D09-attention", dropped("attention.weight.weight"), "KEYS_MISMATCH", ("attention.weight.weight",)),
    Case("D09-additive", keys(attention="additive", attention_width=7), "KEYS_MISMATCH", ("3 missing", "1 unexpected")),
    Case("D09-none", keys(attention="none"), "SHAPE_MISMATCH", ("combine.weight",)),
    Case("D09-empty", weights(lambda found: found.clear()), "WEIGHTS_HEADER", ("0 tensors",)),
    Case("D09-more", weights(lambda found: found.update(more=torch.zeros(3))), None),
    Case("D10-unknown", keys(attention="multi-head"), RANGE, ("multi-head", "none, dot, general, additive")),
    Case("D10-absent", keys(attention=...), RANGE, ("attention",)),
    Case("D10-list", keys(attention=["dot"]), RANGE, ("attention",)),
    Case("D10-object", keys(attention={"a": 1}), RANGE, ("attention",)),
    Case("D10-recurrence", keys(recurrence="lstm"), "CONFIG_UNSUPPORTED", ("lstm", "gru")),
    *(
        Case(f"D11-{sign}-{kind}", keys(**{sign: value}), RANGE, (sign, "0 to 7"))
        for sign in ("begin", "end", "padding")
        for kind, value in {"outside": 8, "negative": -1, "text": "2", "fraction": 2.0, "true": True}.items()
    ),
    *(
        Case(f"D12-{key}-{kind}", keys(**{key: value}), RANGE, (key,), seconds=QUICK)
        for key in ("source_vocabulary", "target_vocabulary", "embedding", "encoder_width", "decoder_width", "longest")
        for kind, value in {"zero": 0, "huge": 10**12, "text": "10", "null": None, "fraction": 10.5}.items()
    ),
    *(
        Case(f"D12-{key}-absent", keys(**{key: ...}), RANGE, (key, "missing"))
        for key in ("source_vocabulary", "target_vocabulary", "embedding", "encoder_width", "decoder_width")
    ),
    Case(
        "D12-largest-legal",
        keys(embedding=8192, decoder_width=8192, encoder_width=8192),
        "SHAPE_MISMATCH",
        seconds=QUICK,
    ),
    Case("D13-pickle-only", pickled, "PICKLE_NEEDS_CONSENT", ("less safe",)),
    Case("D13-pickle-allowed", pickled, None, consent=True),
    Case("D13-no-weights", missing(WEIGHTS), "WEIGHTS_MISSING"),
    Case(
        "D13-integers",
        weights(lambda found: found.update(output_bias=torch.zeros(8, dtype=torch.int64))),
        "WEIGHTS_DTYPE",
        ("output_bias",),
    ),
    Case("D13-in-a-child", keys(attention="multi-head"), RANGE, ("multi-head",), child=True),
    Case("D13-code", keys(auto_map={"AutoModel": "evil.X"}, trust_remote_code=True), None, ("auto_map is ignored",)),
    # what only a forward can see is the library's to refuse: tests/models/test_library_translators.py
    Case("D14-nan", filled("output_bias", float("nan")), None),
    Case("D14-infinite", filled("embedding.weight", float("inf")), None),
)
