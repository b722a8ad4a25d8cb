"""The two tokenizers of an encoder–decoder in one file: what the source is read with, and what the target is written with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from attnviz.errors import CheckpointError
from attnviz.text.strict_json import parse_object, shown

if TYPE_CHECKING:
    from attnviz.text.tokenizer_file import Files

NAME = "tokenizer.json"
FORMAT_VERSION = 1
SIDES = ("source", "target")


def is_pair(found: dict[str, Any]) -> bool:
    """Whether a tokenizer.json that was read holds two tokenizers."""
    return "model" not in found and any(side in found for side in SIDES)


def read_sides(files: Files, most: int) -> dict[str, bytes]:
    """The bytes of a tokenizer.json for "source" and for "target"; raises CheckpointError."""
    if NAME not in files:
        sentence = (
            f"The folder has no {NAME}, so no text could be read or written; add the file with both vocabularies."
        )
        raise CheckpointError(sentence, "TOKENIZER_MISSING")
    return split(parse_object(files.read(NAME, most, "TOKENIZER_TOO_BIG"), NAME, "TOKENIZER_UNREADABLE"))


def split(found: dict[str, Any]) -> dict[str, bytes]:
    """Each side as a tokenizer.json of its own; raises CheckpointError."""
    version = found.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        sentence = f"{NAME}: format_version is {shown(version)}; this version reads {FORMAT_VERSION}, so write the file in that form."
        raise CheckpointError(sentence, "FORMAT_VERSION")
    for side in SIDES:
        if not isinstance(found.get(side), dict):
            sentence = f"{NAME} has no {side} tokenizer; it must hold one for the source and one for the target."
            raise CheckpointError(sentence, "TOKENIZER_MISSING")
        if is_pair(found[side]):
            sentence = f"{NAME}: the {side} tokenizer is a pair of tokenizers itself; each side must hold one."
            raise CheckpointError(sentence, "TOKENIZER_UNREADABLE")
    try:
        return {side: json.dumps(found[side]).encode() for side in SIDES}
    except RecursionError:
        raise CheckpointError(f"{NAME} is nested too deeply to be a real file.", "TOKENIZER_UNREADABLE") from None
