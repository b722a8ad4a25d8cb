"""The few keys of tokenizer_config.json that are read: how vocab.txt is to be used, and which tokens are special."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from attnviz.text.strict_json import parse_object, shown

# role, a field of TokenizerSpec -> (key, usual names in order of preference)
SPECIAL: dict[str, tuple[str, tuple[str, ...]]] = {
    "mask": ("mask_token", ("[MASK]", "<mask>")),
    "cls": ("cls_token", ("[CLS]", "<s>")),
    "sep": ("sep_token", ("[SEP]", "</s>")),
    "pad": ("pad_token", ("[PAD]", "<pad>")),
    "unknown": ("unk_token", ("[UNK]", "<unk>")),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What tokenizer_config.json said; ``named`` holds only the special tokens that it mentions, None if it denies one."""

    lower: bool = True
    strip_accents: bool | None = None
    split_chinese: bool = True
    named: Mapping[str, str | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def choose(self, role: str, ids: Mapping[str, int], fallback: str | None) -> str | None:
        """The special token of ``role`` that the vocabulary has; ``fallback`` is what the model calls unknown."""
        _, usual = SPECIAL[role]
        if role == "unknown" and fallback is not None:
            return fallback
        if role in self.named:
            token = self.named[role]
            return token if token in ids else None
        return next((token for token in usual if token in ids), None)


def read_settings(raw: bytes) -> Settings:
    """Whitelisted keys of a tokenizer_config.json; a value of the wrong kind is left out with a note."""
    found = parse_object(raw, "tokenizer_config.json", "TOKENIZER_UNREADABLE")
    notes: list[str] = []
    named: dict[str, str | None] = {}
    for role, (key, _) in SPECIAL.items():
        if key in found:
            named[role] = _token(key, found[key], notes)
    return Settings(
        lower=_flag(found, "do_lower_case", True, notes),
        strip_accents=None if found.get("strip_accents") is None else _flag(found, "strip_accents", False, notes),
        split_chinese=_flag(found, "tokenize_chinese_chars", True, notes),
        named=named,
        notes=tuple(notes),
    )


def _token(key: str, value: object, notes: list[str]) -> str | None:
    content = value.get("content") if isinstance(value, dict) else value
    if content is None or isinstance(content, str):
        return content
    notes.append(f"tokenizer_config.json: {key} is {shown(value)}, not a token; there is none then.")
    return None


def _flag(found: dict[str, Any], key: str, default: bool, notes: list[str]) -> bool:
    value = found.get(key, default)
    if isinstance(value, bool):
        return value
    notes.append(f"tokenizer_config.json: {key} is {shown(value)}; {str(default).lower()} is used.")
    return default
