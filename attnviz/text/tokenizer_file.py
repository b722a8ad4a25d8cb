"""A stranger's tokenizer files, read by whitelist: out comes JSON that the tokenizers library can safely be given."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tokenizers import Tokenizer

from attnviz.errors import CheckpointError, printable
from attnviz.text.strict_json import parse_object
from attnviz.text.tokenizer_model import Model, clean_added, clean_model, refused
from attnviz.text.tokenizer_pair import NAME, is_pair, read_sides, split
from attnviz.text.tokenizer_parts import clean_part, count_growth, names_special_tokens
from attnviz.text.tokenizer_settings import SPECIAL, Settings, read_settings
from attnviz.text.vocab_file import read_vocabulary

UNREADABLE = "TOKENIZER_UNREADABLE"
LARGEST_FILE = 32 * 2**20
LARGEST_SETTINGS = 2**20
BARE = "The tokenizer adds no special tokens such as [CLS] and [SEP] around the text."
PROBES = (
    "A plain sentence, with a [MASK] in it.",
    *(letter * 40 + "!" for letter in "ax 0"),
    "Éa\u0301 東京 ﬁ İ ß \u200d😀 \ufffd\u00a0\U0010ffff",
)


@dataclass(frozen=True, slots=True)
class TokenizerSpec:
    """A tokenizer that was checked: ``json`` goes to Tokenizer.from_str; special tokens are None where there are none.

    ``size`` is one more than the highest id, the number of embedding rows that the tokenizer needs.
    """

    json: str
    kind: str
    size: int
    mask: str | None
    cls: str | None
    sep: str | None
    pad: str | None
    unknown: str | None
    notes: tuple[str, ...] = ()


class Files(Protocol):
    """A folder of which plain files can be asked for by name."""

    def __contains__(self, name: object, /) -> bool: ...

    def read(self, name: str, most: int, code: str) -> bytes:
        """All bytes of the file; raises CheckpointError with ``code`` if there are more than ``most``."""


def read_tokenizer(files: Files) -> TokenizerSpec:
    """The tokenizer of a checkpoint folder: tokenizer.json, else vocab.txt; raises CheckpointError."""
    if "tokenizer.json" in files:
        settings = _settings(files, needed=False)
        return sanitise(files.read("tokenizer.json", LARGEST_FILE, "TOKENIZER_TOO_BIG"), settings)
    if "vocab.txt" in files:
        settings = _settings(files, needed=True)
        raw = files.read("vocab.txt", LARGEST_FILE, "TOKENIZER_TOO_BIG")
        found, notes = read_vocabulary(raw, settings)
        return _specify(found, settings, "vocab.txt", notes)
    sentence = "The folder has no tokenizer.json and no vocab.txt, so no text could be read; add the tokenizer's files."
    raise CheckpointError(sentence, "TOKENIZER_MISSING")


def read_tokenizers(files: Files) -> tuple[TokenizerSpec, TokenizerSpec]:
    """Source and target tokenizer of an encoder–decoder's folder; raises CheckpointError."""
    sides = read_sides(files, LARGEST_FILE)
    source, target = (_sanitise(raw, Settings(), f"{NAME}, {side}") for side, raw in sides.items())
    return _unremarked(source), _unremarked(target)


def _unremarked(spec: TokenizerSpec) -> TokenizerSpec:
    """Without the remark that no special tokens are added: the decoder's own loop adds them."""
    return replace(spec, notes=tuple(note for note in spec.notes if note != BARE))


def sanitise(raw: bytes, settings: Settings | None = None, name: str = "tokenizer.json") -> TokenizerSpec:
    """The specification in the bytes of a tokenizer.json, which may stand alone; raises CheckpointError."""
    if len(raw) > LARGEST_FILE:
        raise CheckpointError(
            f"{name} is larger than {LARGEST_FILE >> 20} MiB; use a smaller one.", "TOKENIZER_TOO_BIG"
        )
    return _sanitise(raw, settings or Settings(), name)


def _sanitise(raw: bytes, settings: Settings, name: str) -> TokenizerSpec:
    found = parse_object(raw, name, UNREADABLE)
    if is_pair(found):
        spec = _sanitise(split(found)["source"], settings, f"{name}, source")
        return replace(spec, notes=(*spec.notes, f"{name} holds two tokenizers; this is the source's."))
    if found.get("version", "1.0") != "1.0":
        raise refused(name, "version", "is not 1.0")
    return _specify(found, settings, name, ())


def _settings(files: Files, *, needed: bool) -> Settings:
    name = "tokenizer_config.json"
    if name not in files:
        return Settings()
    try:
        return read_settings(files.read(name, LARGEST_SETTINGS, UNREADABLE))
    except CheckpointError:
        if needed:
            raise
        return Settings(notes=(f"{name} can't be read and is ignored.",))


def _specify(found: dict[str, Any], settings: Settings, name: str, notes: tuple[str, ...]) -> TokenizerSpec:
    try:
        model = clean_model(found.get("model"), name)
        added = clean_added(found.get("added_tokens"), model, name)
        ids = {**{token["content"]: token["id"] for token in added}, **model.vocabulary}
        special = {role: settings.choose(role, ids, model.unknown) for role in SPECIAL}
        clean = _clean(found, model, _with_special(added, special, ids), ids, name)
        text = _text(clean, name)
    except RecursionError:
        raise refused(name, "contents", "are nested too deeply") from None
    size = _check_in_library(text, clean["added_tokens"], name)
    notes = (*notes, *settings.notes, *model.notes, *_remarks(clean, found, ids, size))
    return TokenizerSpec(json=text, kind=model.kind, size=size, notes=notes, **special)


def _clean(
    found: dict[str, Any], model: Model, added: list[dict[str, Any]], ids: dict[str, int], name: str
) -> dict[str, Any]:
    """The whitelisted skeleton of a tokenizer.json; truncation and padding are never taken over."""
    parts = {
        part: clean_part(part, found.get(part), ids, name)
        for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder")
    }
    count_growth(parts, name)
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, **parts, "model": model.json}


def _with_special(
    added: list[dict[str, Any]], special: dict[str, str | None], ids: dict[str, int]
) -> list[dict[str, Any]]:
    """``added`` and those special tokens that the vocabulary has but the file forgot to list, so that text finds them."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    listed = {token["content"] for token in added}
    forgotten = {token for token in special.values() if token is not None and token not in listed}
    return [
        *added,
        *({"id": ids[token], "content": token, **flags} for token in sorted(forgotten, key=ids.__getitem__)),
    ]


def _text(clean: dict[str, Any], name: str) -> str:
    text = json.dumps(clean, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refused(name, "text", "holds half a character (a lone surrogate)") from None
    return text


def _check_in_library(text: str, added: list[dict[str, Any]], name: str) -> int:
    """Build the tokenizer, let it read the probes, and give its size. The library panics with BaseExceptions."""
    doing = "can't be built"
    try:
        tokenizer = Tokenizer.from_str(text)
        doing = "gives up on ordinary text"
        for probe in PROBES:
            encoding = tokenizer.encode(probe)
            if len(encoding.ids) > 50 * len(probe) + 100:
                raise ValueError("the tokenizer multiplies its input")
            tokenizer.decode(encoding.ids)
        size = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values())
        misplaced = [token for token in added if tokenizer.token_to_id(token["content"]) != token["id"]]
    except (KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit):
        raise
    except BaseException as error:
        raise refused(name, "tokenizer", doing) from error
    if misplaced:
        content, number = printable(misplaced[0]["content"], 40), misplaced[0]["id"]
        raise refused(name, "added_tokens", f"put {content!r} at id {number}, which it can't have")
    return size


def _remarks(clean: dict[str, Any], found: dict[str, Any], ids: dict[str, int], size: int) -> tuple[str, ...]:
    remarks = []
    if found.get("truncation") is not None or found.get("padding") is not None:
        remarks.append("The tokenizer's truncation and padding are ignored; attnviz shows every token.")
    if not names_special_tokens(clean["post_processor"]):
        remarks.append(BARE)
    if len(ids) < size:
        remarks.append(f"The vocabulary has {size - len(ids)} ids without a piece.")
    return tuple(remarks)
