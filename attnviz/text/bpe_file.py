"""A learned byte-pair tokenizer as a tokenizer.json, and its merges as a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from attnviz.table import Table
from attnviz.text.pretokens import pre_tokenizer
from attnviz.text.readable import spelling
from attnviz.trace import Learned, Merge

UNKNOWN = "[UNK]"


def learned(
    alphabet: str, kind: str, symbols: Sequence[str], pairs: Iterable[tuple[str, str]], *, complete: bool = True
) -> Learned:
    """The tokenizer with this alphabet (``symbols``, ids 0, 1, 2 …) and these merges, which get the ids after it.

    Where the alphabet is made of characters, [UNK] comes last: for the characters that it lacks.
    """
    pairs = tuple(pairs)
    pieces = dict.fromkeys([*symbols, *(left + right for left, right in pairs)])
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    unknown = None if alphabet == "bytes" else UNKNOWN
    if unknown is not None:
        vocabulary.setdefault(unknown, len(vocabulary))
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
        "vocab": vocabulary,
        "merges": pairs,
    }
    whole = _whole(alphabet, kind, model)
    return Learned(alphabet, kind, tuple(symbols), pairs, json.dumps(whole, ensure_ascii=False), complete)


def _whole(alphabet: str, kind: str, model: dict[str, Any]) -> dict[str, Any]:
    cut = pre_tokenizer(kind, alphabet)
    bytewise = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": None if cut is None else json.loads(cut.__getstate__()),
        "post_processor": None,
        "decoder": bytewise if alphabet == "bytes" else {"type": "Fuse"},
        "model": model,
    }


def merges_table(merges: Iterable[Merge], alphabet: str) -> Table:
    """One row a merge, for CSV: strings as the vocabulary has them, and readable."""
    label = spelling(alphabet).label
    columns = (
        "rank",
        "left",
        "right",
        "piece",
        "readable",
        "count",
        "runner-up left",
        "runner-up right",
        "runner-up count",
    )
    rows = tuple(
        (
            *(merge.rank, merge.left, merge.right, merge.piece, label(merge.piece), merge.count),
            *(merge.runner_up or (None, None)),
            merge.runner_up_count if merge.runner_up else None,
        )
        for merge in merges
    )
    return Table(columns, rows)
