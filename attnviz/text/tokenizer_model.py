"""The model section of a tokenizer.json and its added tokens: the rules for each kind of vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from attnviz.errors import CheckpointError, printable

MOST_ENTRIES = 500_000
MOST_MERGES = 1_000_000
MOST_ADDED = 20_000
HIGHEST_ID = 999_999
LONGEST_PIECE = 1000
LONGEST_WORD = 200
_KEYS = {
    "WordPiece": ("unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab"),
    "BPE": (
        *("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"),
        *("fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges"),
    ),
    "Unigram": ("unk_id", "vocab", "byte_fallback"),
    "WordLevel": ("vocab", "unk_token"),
}
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")


@dataclass(frozen=True, slots=True)
class Model:
    """A checked model section: ``json`` has whitelisted keys only, ``vocabulary`` maps pieces to ids."""

    kind: str
    json: dict[str, Any]
    vocabulary: dict[str, int]
    unknown: str | None
    notes: tuple[str, ...] = ()


def refused(name: str, part: str, reason: str) -> CheckpointError:
    """The error for a file ``name`` whose ``part`` can't be used."""
    sentence = f"{name}: its {part} {reason}; download the file again or use another tokenizer."
    return CheckpointError(sentence, "TOKENIZER_UNREADABLE")


def clean_model(found: object, name: str) -> Model:
    """Check the model section by the rules of its kind; raises CheckpointError naming the key."""
    if not isinstance(found, dict):
        raise refused(name, "model", "is missing")
    kind = found.get("type", _guessed(found))
    if not isinstance(kind, str) or kind not in _KEYS:
        raise refused(name, "model type", "is not one of " + ", ".join(_KEYS))
    _check_count(found.get("vocab"), MOST_ENTRIES, "vocabulary", name)
    clean = {"type": kind, **{key: found[key] for key in _KEYS[kind] if key in found}}
    if kind == "Unigram":
        return _unigram(clean, name)
    vocabulary = _vocabulary(clean.get("vocab"), name)
    unknown = _unknown(clean.get("unk_token"), vocabulary, needed=kind != "BPE", name=name)
    notes = _bpe(clean, vocabulary, name) if kind == "BPE" else ()
    if kind == "WordPiece":
        clean["max_input_chars_per_word"] = _word_limit(clean.get("max_input_chars_per_word", 100), name)
    return Model(kind, clean, vocabulary, unknown, notes)


def clean_added(found: object, model: Model, name: str) -> list[dict[str, Any]]:
    """The added tokens with whitelisted keys; each content and id may stand once."""
    if found is None:
        return []
    if not isinstance(found, list):
        raise refused(name, "added_tokens", "are not a list")
    _check_count(found, MOST_ADDED, "added_tokens", name)
    clean = [_added(token, name) for token in found]
    contents, ids = {token["content"] for token in clean}, {token["id"] for token in clean}
    if len(contents) != len(clean) or len(ids) != len(clean):
        raise refused(name, "added_tokens", "list one token or one id twice")
    elsewhere = set(model.vocabulary.values())
    for token in clean:
        own = model.vocabulary.get(token["content"])
        if own != token["id"] and (own is not None or token["id"] in elsewhere):
            content = printable(token["content"], 40)
            raise refused(
                name, "added_tokens", f"give {content!r} the id {token['id']}, which the vocabulary contradicts"
            )
    return clean


def _guessed(found: dict[str, Any]) -> str | None:
    """The kind of a model section without a type, as files of 2020 are."""
    if "merges" in found:
        return "BPE"
    if isinstance(found.get("vocab"), list):
        return "Unigram"
    return "WordPiece" if "continuing_subword_prefix" in found else None


def _check_count(found: object, most: int, part: str, name: str) -> None:
    if isinstance(found, (dict, list)) and len(found) > most:
        sentence = f"{name}: its {part} have {len(found)} entries, more than the {most} that attnviz takes."
        raise CheckpointError(sentence, "TOKENIZER_TOO_BIG")


def _is_id(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= HIGHEST_ID


def _vocabulary(found: object, name: str) -> dict[str, int]:
    if not isinstance(found, dict) or not found:
        raise refused(name, "vocabulary", "is missing or empty")
    for piece, number in found.items():
        if not _is_id(number):
            raise refused(name, "vocabulary", f"gives {printable(piece, 40)!r} an id that is not 0 to {HIGHEST_ID}")
        if len(piece) > LONGEST_PIECE:
            raise refused(name, "vocabulary", f"has a piece of {len(piece)} letters")
    if len(set(found.values())) != len(found):
        raise refused(name, "vocabulary", "gives two pieces the same id")
    return found


def _unknown(found: object, vocabulary: dict[str, int], *, needed: bool, name: str) -> str | None:
    if found is None and not needed:
        return None
    if not isinstance(found, str) or found not in vocabulary:
        raise refused(name, "unk_token", "is not in the vocabulary, so unknown words would fail")
    return found


def _word_limit(found: object, name: str) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise refused(name, "max_input_chars_per_word", f"is not a whole number from 1 to {LONGEST_WORD}")
    return min(found, LONGEST_WORD)


def _bpe(clean: dict[str, Any], vocabulary: dict[str, int], name: str) -> tuple[str, ...]:
    _check_merges(clean, vocabulary, name)
    dropout = clean.get("dropout")
    clean["dropout"] = None
    if dropout is None:
        return ()
    if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
        raise refused(name, "dropout", "is not a number from 0 to 1")
    return (
        ("The tokenizer's BPE dropout is switched off, so that the same text gives the same tokens.",)
        if dropout
        else ()
    )


def _check_merges(clean: dict[str, Any], vocabulary: dict[str, int], name: str) -> None:
    merges, prefix = clean.get("merges"), clean.get("continuing_subword_prefix") or ""
    if not isinstance(merges, list):
        raise refused(name, "merges", "are missing")
    if not isinstance(prefix, str):
        raise refused(name, "continuing_subword_prefix", "is not text")
    _check_count(merges, MOST_MERGES, "merges", name)
    for number, merge in enumerate(merges):
        pair = merge.split(" ") if isinstance(merge, str) else merge
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(piece, str) for piece in pair):
            raise refused(name, f"merge {number}", "is not a pair of pieces")
        left, right = pair
        if left not in vocabulary or right not in vocabulary or left + right.removeprefix(prefix) not in vocabulary:
            raise refused(name, f"merge {number}", "uses a piece that is not in the vocabulary")


def _unigram(clean: dict[str, Any], name: str) -> Model:
    pieces, unknown = clean.get("vocab"), clean.get("unk_id")
    if not isinstance(pieces, list) or not pieces:
        raise refused(name, "vocabulary", "is missing or empty")
    for entry in pieces:
        if (
            not isinstance(entry, list)
            or len(entry) != 2
            or not isinstance(entry[0], str)
            or len(entry[0]) > LONGEST_PIECE
        ):
            raise refused(name, "vocabulary", "has an entry that is not a piece with its score")
        if isinstance(entry[1], bool) or not isinstance(entry[1], (int, float)):
            raise refused(name, "vocabulary", f"gives {printable(entry[0], 40)!r} a score that is not a number")
    if not _is_id(unknown) or unknown >= len(pieces):
        raise refused(name, "unk_id", f"is not an id from 0 to {len(pieces) - 1}, so unknown words would fail")
    vocabulary = {piece: number for number, (piece, _) in enumerate(pieces)}
    doubles = len(pieces) - len(vocabulary)
    notes = (f"The tokenizer's vocabulary lists {doubles} pieces twice.",) if doubles else ()
    return Model("Unigram", clean, vocabulary, pieces[unknown][0], notes)


def _added(token: object, name: str) -> dict[str, Any]:
    if not isinstance(token, dict) or not _is_id(token.get("id")):
        raise refused(name, "added_tokens", "have an entry without a usable id")
    content = token.get("content")
    if not isinstance(content, str) or not 1 <= len(content) <= LONGEST_PIECE:
        raise refused(name, "added_tokens", f"have an entry {token['id']} without usable content")
    flags = {flag: token.get(flag, False) for flag in _FLAGS}
    if not all(isinstance(value, bool) for value in flags.values()):
        raise refused(name, "added_tokens", f"have an entry {token['id']} with a flag that is not true or false")
    return {"id": token["id"], "content": content, **flags}
