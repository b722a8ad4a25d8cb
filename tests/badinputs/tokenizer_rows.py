"""Rows T: what can be wrong with the tokenizer's files."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.badinputs import valid
from tests.badinputs.case import QUICK, Case

UNREADABLE, BIG = "TOKENIZER_UNREADABLE", "TOKENIZER_TOO_BIG"
Build = Callable[[Path], None]


def raw(content: bytes, name: str = "tokenizer.json") -> Build:
    def build(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return build


def keys(**changes: Any) -> Build:
    return raw(json.dumps(valid.tokenizer_json(**changes)).encode())


def settings(**changes: Any) -> Build:
    return raw(json.dumps(changes).encode(), "tokenizer_config.json")


def missing(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def vocabulary(content: bytes, settings_text: bytes | None = None) -> Build:
    """Only a vocab.txt, and perhaps a tokenizer_config.json."""

    def build(folder: Path) -> None:
        missing(folder)
        (folder / "vocab.txt").write_bytes(content)
        if settings_text is not None:
            (folder / "tokenizer_config.json").write_bytes(settings_text)

    return build


def sequence(depth: int) -> bytes:
    return b'{"normalizer":' + b'{"type":"Sequence","normalizers":[' * depth + b"]}" * depth + b"}"


def charsmap(content: str | None) -> Build:
    return keys(normalizer={"type": "Precompiled", "precompiled_charsmap": content})


def regex(pattern: str) -> Build:
    return keys(pre_tokenizer={"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False})


def replacing(count: int, content: str, pattern: Any = None) -> Build:
    step = {"type": "Replace", "pattern": pattern or {"String": "a"}, "content": content}
    return keys(normalizer={"type": "Sequence", "normalizers": [step] * count})


def bpe(**changes: Any) -> Build:
    model = {
        "type": "BPE",
        "vocab": {"a": 0, "b": 1, "ab": 2, "[UNK]": 3},
        "merges": [["a", "b"]],
        "unk_token": "[UNK]",
        **changes,
    }
    return keys(model=model, added_tokens=[], post_processor=None, decoder=None)


def unigram(vocab: Any = (("<unk>", 0.0), ("a", -1.0)), **changes: Any) -> Build:
    model = {"type": "Unigram", "vocab": vocab, "unk_id": 0, **changes}
    return keys(
        model={key: value for key, value in model.items() if value is not ...}, added_tokens=[], post_processor=None
    )


def words(count: int) -> Build:
    """A vocabulary of so many pieces."""

    def build(folder: Path) -> None:
        found = {**{piece: number for number, piece in enumerate(valid.pieces())}}
        found |= {f"word{number}": number for number in range(len(found), count)}
        keys(model_vocab=found)(folder)

    return build


def fixed(**step: Any) -> Build:
    return keys(post_processor=valid.template(single=[{"SpecialToken": step}, {"Sequence": {"id": "A", "type_id": 0}}]))


PIECES = {piece: number for number, piece in enumerate(valid.pieces())}
LINES = "\n".join(valid.pieces()).encode() + b"\n"
PAD = {
    "strategy": {"Fixed": 10**8},
    "direction": "Right",
    "pad_to_multiple_of": None,
    "pad_id": 0,
    "pad_type_id": 0,
    "pad_token": "[PAD]",
}
GARBAGE = base64.b64encode(bytes(range(200))).decode()
SIZED_GARBAGE = base64.b64encode((64).to_bytes(4, "little") + b"\xff" * 64 + b"abc").decode()
MANY_ADDED = [valid.added(number + 200, f"new{number}") for number in range(20_001)]
CASES = (
    *(
        Case(f"T01-{kind}", raw(content), UNREADABLE)
        for kind, content in {
            "empty": b"",
            "unfinished": b"{",
            "list": b"[]",
            "object": b"{}",
            "no-model": b'{"model":null}',
            "nested": sequence(100_000),
            "not-utf-8": b"\xff\xfe",
            "nan": b'{"model":NaN}',
        }.items()
    ),
    Case("T01-version", keys(version="9.9"), UNREADABLE, ("version",)),
    Case("T01-sequence-of-50", raw(sequence(50)), UNREADABLE),
    Case(
        "T01-wide-sequence",
        keys(normalizer={"type": "Sequence", "normalizers": [{"type": "NFC"}] * 1000}),
        UNREADABLE,
        ("normalizer",),
    ),
    Case("T01-lone-surrogate", keys(model_vocab={**PIECES, "\ud800": 300}), UNREADABLE),
    Case("T01-key-twice", raw(b'{"version":"1.0","version":"1.0"}'), UNREADABLE, ("twice",)),
    Case("T01-unknown-step", keys(normalizer={"type": "Evil"}), UNREADABLE, ("Evil",)),
    Case("T01-step-list", keys(normalizer=[]), UNREADABLE, ("normalizer",)),
    Case("T02-null", charsmap(None), UNREADABLE, ("precompiled_charsmap",)),
    Case("T02-not-base64", charsmap("!!!!!!!!!!!!"), UNREADABLE, ("precompiled_charsmap",)),
    Case("T02-garbage", charsmap(GARBAGE), UNREADABLE, child=True),
    Case("T02-sized-garbage", charsmap(SIZED_GARBAGE), UNREADABLE, child=True),
    Case("T04-nested-plus", regex("(a+)+$"), UNREADABLE, ("regular expression",), seconds=2),
    Case("T04-alternatives", regex("^(a|a)*$"), UNREADABLE, child=True),
    Case("T04-nested-sum", regex("(x+x+)+y"), UNREADABLE, ("regular expression",), seconds=2),
    Case("T04-honest", regex(r"'s|'t| ?\p{L}+| ?\p{N}{1,3}|\s+(?!\S)|\s+"), None, seconds=2),
    Case("T05-long-words", keys(model_max_input_chars_per_word=10**9), None),
    Case("T05-no-words", keys(model_max_input_chars_per_word=0), UNREADABLE, ("max_input_chars_per_word",)),
    Case("T05-text", keys(model_max_input_chars_per_word="100"), UNREADABLE, ("max_input_chars_per_word",)),
    Case("T06-padding", keys(padding=PAD), None, ("padding",)),
    Case(
        "T06-truncation",
        keys(truncation={"max_length": 0, "strategy": "LongestFirst", "stride": 10**9, "direction": "Right"}),
        None,
        ("truncation",),
    ),
    Case("T06-doubling", replacing(30, "aa"), UNREADABLE, ("endlessly",), seconds=QUICK),
    Case("T06-empty-pattern", replacing(3, "x" * 20, {"Regex": ""}), UNREADABLE, ("endlessly",), seconds=QUICK),
    Case("T06-long-content", replacing(1, "x" * 10**6), UNREADABLE, seconds=QUICK),
    Case(
        "T06-bytes-of-bytes",
        keys(
            pre_tokenizer={
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
                ]
                * 30,
            }
        ),
        UNREADABLE,
        ("endlessly",),
        seconds=QUICK,
    ),
    Case(
        "T06-long-template",
        keys(post_processor=valid.template(single=[{"Sequence": {"id": "A", "type_id": 0}}] * 100_000)),
        UNREADABLE,
        ("template",),
    ),
    Case("T08-large", raw(b" " * (32 * 2**20 + 1)), BIG, seconds=QUICK),
    Case("T08-entries", words(500_001), BIG, ("500001",)),
    Case("T08-added", keys(added_tokens=MANY_ADDED), BIG, ("added_tokens",)),
    Case("T08-vocabulary", vocabulary(b"x" * (32 * 2**20 + 1)), BIG, seconds=QUICK),
    Case("T08-vocabulary-lines", vocabulary(LINES + b"\n" * 10**6), UNREADABLE, ("vocab.txt",)),
    Case("T10-regex", regex("(unclosed"), UNREADABLE),
    Case("T10-merge-outside", bpe(merges=[["a", "c"]]), UNREADABLE, ("merge 0",)),
    Case("T10-merge-malformed", bpe(merges=["a b c"]), UNREADABLE, ("merge 0",)),
    Case("T10-merge-number", bpe(merges=[3]), UNREADABLE, ("merge 0",)),
    Case("T10-dropout", bpe(dropout=5), UNREADABLE, ("dropout",)),
    Case("T10-legal-dropout", bpe(dropout=0.1), None, ("dropout", "switched off")),
    Case("T10-bpe-unknown", bpe(unk_token="none"), UNREADABLE, ("unk_token",)),
    Case("T10-unigram-outside", unigram(unk_id=9), UNREADABLE, ("unk_id",)),
    Case("T10-unigram-empty", unigram(vocab=[]), UNREADABLE, ("vocabulary",)),
    Case("T10-unigram-none", unigram(unk_id=...), UNREADABLE, ("unk_id",)),
    Case("T10-unigram-score", unigram(vocab=[["<unk>", "high"]]), UNREADABLE, ("score",)),
    Case("T10-unigram", unigram(), None),
    Case("T10-unknown-absent", keys(model_unk_token="none"), UNREADABLE, ("unk_token",)),
    Case(
        "T10-word-level",
        keys(model={"type": "WordLevel", "vocab": PIECES, "unk_token": "none"}),
        UNREADABLE,
        ("unk_token",),
    ),
    Case("T10-negative-id", keys(model_vocab={**PIECES, "x1": -1}), UNREADABLE, ("x1",)),
    Case("T10-huge-id", keys(model_vocab={**PIECES, "x1": 2**32}), UNREADABLE, ("x1",)),
    Case("T10-fractional-id", keys(model_vocab={**PIECES, "x1": 200.0}), UNREADABLE, ("x1",)),
    Case("T10-same-id", keys(model_vocab={**PIECES, "x1": 7}), UNREADABLE, ("same id",)),
    Case("T10-id-behind-model", keys(model_vocab={**PIECES, "x1": 999}), "VOCAB_MISMATCH", ("999",)),
    Case("T10-holes", keys(model_vocab={**PIECES, "x1": 300}), None, ("without a piece",)),
    Case("T10-long-piece", keys(model_vocab={**PIECES, "x" * 10**6: 300}), UNREADABLE, ("letters",)),
    Case("T10-added-moved", keys(added_tokens=[valid.added(9, "[MASK]")]), UNREADABLE, ("[MASK]",)),
    Case("T10-added-far", keys(added_tokens=[valid.added(310, "[NEW]")]), UNREADABLE, ("[NEW]",)),
    Case("T10-added-empty", keys(added_tokens=[valid.added(4, "")]), UNREADABLE, ("added_tokens",)),
    Case("T10-added-flag", keys(added_tokens=[valid.added(4, "[MASK]", special="yes")]), UNREADABLE, ("added_tokens",)),
    Case(
        "T10-template-id",
        keys(post_processor=valid.template(special_tokens={"[CLS]": {"id": "[CLS]", "ids": [7], "tokens": ["[CLS]"]}})),
        UNREADABLE,
        ("post_processor",),
    ),
    Case("T10-template-segment", fixed(id="[CLS]", type_id=10**9), UNREADABLE, ("post_processor",)),
    Case("T10-template-token", fixed(id="[NONE]", type_id=0), UNREADABLE, ("post_processor",)),
    Case("T10-template-textless", keys(post_processor=valid.template(single=[])), UNREADABLE, ("single",)),
    Case("T10-template-numbers", keys(post_processor=valid.template(single=[3])), UNREADABLE, ("post_processor",)),
    Case(
        "T10-roberta",
        keys(
            post_processor={
                "type": "RobertaProcessing",
                "sep": ["[SEP]", 99],
                "cls": ["[CLS]", 2],
                "trim_offsets": True,
                "add_prefix_space": True,
            }
        ),
        UNREADABLE,
        ("sep",),
    ),
    Case("T10-no-template", keys(post_processor=None), None, ("no special tokens",)),
    Case("T10-zero-length", keys(pre_tokenizer={"type": "FixedLength", "length": 0}), UNREADABLE, child=True),
    Case(
        "T11-code",
        settings(
            auto_map={"AutoTokenizer": ["evil.X", None]}, tokenizer_class="Evil", chat_template="{{ ''.__class__ }}"
        ),
        None,
    ),
    Case("T11-list", raw(b"[]", "tokenizer_config.json"), None, ("ignored",)),
    Case("T11-length", settings(model_max_length="abc", vocab_file="../../etc/passwd"), None),
    Case("T11-mask-absent", settings(mask_token="<none>"), None),
    Case("T11-mask-number", settings(mask_token=3), None, ("mask_token",)),
    Case("T11-mask-null", settings(mask_token=None), None),
    Case("T11-mask-object", settings(mask_token={"content": ["[MASK]"]}), None, ("mask_token",)),
    Case("T12-none", missing, "TOKENIZER_MISSING"),
    Case("T12-vocabulary", vocabulary(LINES), None),
    Case("T12-vocabulary-windows", vocabulary(LINES.replace(b"\n", b"\r\n")), None),
    Case("T12-vocabulary-empty", vocabulary(b""), UNREADABLE, ("vocab.txt",)),
    Case("T12-vocabulary-utf-16", vocabulary(LINES.decode().encode("utf-16")), UNREADABLE, ("UTF-8",)),
    Case("T12-vocabulary-twice", vocabulary(LINES + b"cat\n"), None, ("twice",)),
    Case("T12-vocabulary-settings", vocabulary(LINES, b"[]"), UNREADABLE, ("tokenizer_config.json",)),
    Case("T12-vocabulary-case", vocabulary(LINES, b'{"do_lower_case": "no"}'), None, ("do_lower_case",)),
)
