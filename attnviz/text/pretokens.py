"""Where byte-pair encoding may not merge across: the pre-tokenizers to choose from, and a corpus cut into counted words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

from tokenizers import Regex, pre_tokenizers

from attnviz.errors import JobError
from attnviz.trace import Progress

ALPHABETS = ("chars", "bytes")
PRE_TOKENIZERS = ("words", "whitespace", "gpt2", "none")
# Words, numbers and signs with the space before them; the pattern is published with GPT-2 (Radford et al. 2019).
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_PORTION = 10_000
# Between two words that one space parts, every pre-tokenizer cuts.
_SAFE = re.compile(r"(?<=\S) (?=\S)")


def pre_tokenizer(kind: str, alphabet: str) -> Any:
    """The library's pre-tokenizer for a ``kind`` of PRE_TOKENIZERS over an alphabet; None where there is nothing to do."""
    if alphabet not in ALPHABETS:
        raise JobError(f"The alphabet is {' or '.join(ALPHABETS)}, not '{alphabet}'.", "BAD_ALPHABET")
    if kind not in PRE_TOKENIZERS:
        raise JobError(f"The pre-tokenizer is one of {', '.join(PRE_TOKENIZERS)}, not '{kind}'.", "BAD_PRE_TOKENIZER")
    bytewise = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=kind == "gpt2")
    if alphabet == "bytes" and kind in ("gpt2", "none"):
        return bytewise
    if kind == "none":
        return None
    cut: Any = pre_tokenizers.BertPreTokenizer() if kind == "words" else pre_tokenizers.WhitespaceSplit()
    if kind == "gpt2":
        cut = pre_tokenizers.Split(Regex(_GPT2), "isolated")
    return cut if alphabet == "chars" else pre_tokenizers.Sequence([cut, bytewise])


def usual(alphabet: str) -> str:
    """The pre-tokenizer that goes with an alphabet where nobody chose."""
    return "gpt2" if alphabet == "bytes" else "words"


def count_words(text: str, kind: str, alphabet: str) -> Generator[Progress, None, dict[str, int]]:
    """How often each pre-token occurs, line by line as the library reads files; returned when the generator ends."""
    cut = pre_tokenizer(kind, alphabet)
    counted: Counter[str] = Counter()
    done = 0
    for batch in portions(text, whole_lines=kind == "none"):
        for part in batch:
            counted.update([part] if cut is None else [word for word, _ in cut.pre_tokenize_str(part)])
            done += len(part)
        yield Progress("cutting the text into words", done, len(text))
    return dict(counted)


def portions(text: str, *, whole_lines: bool = False) -> Iterator[list[str]]:
    """The whole text in portions of some ten thousand characters; no word between white space is cut."""
    batch: list[str] = []
    size = 0
    for part in _parts(text, whole_lines=whole_lines):
        batch.append(part)
        size += len(part)
        if size >= _PORTION:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _parts(text: str, *, whole_lines: bool) -> Iterator[str]:
    """Lines with their ends; one that is too long for one call is cut where any pre-tokenizer would cut too."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        while not whole_lines and end - start > _PORTION:
            safe = _SAFE.search(text, start + _PORTION // 2, end)
            if safe is None:
                break
            yield text[start : safe.start()]
            start = safe.start()
        yield text[start:end]
        start = end
