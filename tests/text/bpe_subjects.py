"""Tokenizers to try: learned by us, learned by the library, and shipped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

from attnviz import places
from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.text.pretokens import pre_tokenizer
from attnviz.trace import Learned, Merge, Merges, Record

ENGLISH = "low low low lower lowest new newer newest wide wider widest; the lowest slow flow of the river, isn't it?\n"
CODE = 'def f(x):\n    return {"a": x[0], "b": f"{x!r}"}  # 100 %\n\n\tprint(f(3.14), end="\\n")\n'
CHINESE = "今天天气很好,我们去公园。明天天气不好,我们在家。天气!\n"
EMOJI = "👩\u200d👩\u200d👧 👍🏽👍👍🏽 🇩🇪🇫🇷 e\u0301te\u0301 \ufb01n İß\n"
MIXED = (ENGLISH + CODE + CHINESE + EMOJI) * 3


def records(text: str, merges: int, alphabet: str = "chars", kind: str = "") -> list[Record]:
    return list(LearnBpe(text, merges, alphabet, kind).run(None))


def history(found: list[Record]) -> list[Merge]:
    return [merge for record in found if isinstance(record, Merges) for merge in record.merges]


@cache
def learned(text: str, merges: int, alphabet: str = "chars", kind: str = "") -> Learned:
    return next(record for record in records(text, merges, alphabet, kind) if isinstance(record, Learned))


def trained(text: str, merges: int, alphabet: str, kind: str) -> Tokenizer:
    """The library's own trainer on the same settings, fed line by line as it reads files."""
    tokenizer: Any = Tokenizer(models.BPE())
    cut = pre_tokenizer(kind, alphabet)
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    if cut is not None:
        tokenizer.pre_tokenizer = cut
        letters = {letter for line in lines for word, _ in cut.pre_tokenize_str(line) for letter in word}
    else:
        letters = set(text)
    initial = pre_tokenizers.ByteLevel.alphabet() if alphabet == "bytes" else []
    size = len(letters.union(initial)) + merges
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False, initial_alphabet=initial)
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def merges_of(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    return [(left, right) for left, right in json.loads(tokenizer.to_str())["model"]["merges"]]


def subjects() -> Iterator[tuple[str, str]]:
    """Name and tokenizer.json of every kind that the program opens."""
    yield "bert", (places.checkpoints() / "bert-l6-h384-en" / "tokenizer.json").read_text(encoding="utf-8")
    yield "bytes", learned(MIXED, 200, "bytes").json
    yield "chars", learned(MIXED, 200).json
    yield "whole lines", learned(MIXED, 50, "chars", "none").json
    yield "unigram", _unigram(falls_back=False)
    yield "unigram with bytes", _unigram(falls_back=True)
    yield "end of word", _end_of_word()
    yield "words", _words()


def _unigram(*, falls_back: bool) -> str:
    tokenizer: Any = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<unk>", "<s>", *([f"<0x{byte:02X}>" for byte in range(256)] if falls_back else [])]
    trainer = trainers.UnigramTrainer(
        vocab_size=len(special) + 90, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(MIXED.splitlines(), trainer)
    found = json.loads(tokenizer.to_str())
    found["model"]["byte_fallback"] = falls_back
    return json.dumps(found)


def _end_of_word() -> str:
    tokenizer: Any = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=150, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator([ENGLISH], trainer)
    tokenizer.add_tokens([AddedToken("newest", single_word=True)])
    return str(tokenizer.to_str())


def _words() -> str:
    model = {"type": "WordLevel", "vocab": {"<u>": 0, "the": 1, "low": 2, "天": 3}, "unk_token": "<u>"}
    return json.dumps({"version": "1.0", "pre_tokenizer": {"type": "Whitespace"}, "model": model})
