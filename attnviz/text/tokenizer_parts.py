"""Normalizer, pre-tokenizer, post-processor and decoder of a tokenizer.json: known types only, and none that explodes."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from collections.abc import Iterator
from typing import Any

from attnviz.errors import printable
from attnviz.text.tokenizer_model import refused

MOST_COMPONENTS = 64
LONGEST_TEXT = 2000
LARGEST_CHARSMAP = 4 * 2**20
LONGEST_TEMPLATE = 32
HIGHEST_SEGMENT = 1
MOST_GROWTH = 1000.0  # letters that may come out for one letter that goes in
_BYTE_GROWTH = 2.0  # a letter of ByteLevel's alphabet takes two bytes itself
_CHILDREN = {
    "normalizer": "normalizers",
    "pre_tokenizer": "pretokenizers",
    "post_processor": "processors",
    "decoder": "decoders",
}
_TYPES = {
    "normalizer": {
        *("BertNormalizer", "Strip", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Sequence", "Lowercase", "Nmt"),
        *("Precompiled", "Replace", "Prepend", "ByteLevel"),
    },
    "pre_tokenizer": {
        *("BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Metaspace", "Whitespace", "WhitespaceSplit"),
        *("Sequence", "Split", "Punctuation", "Digits", "UnicodeScripts", "FixedLength"),
    },
    "post_processor": {"TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence"},
    "decoder": {
        *("BPEDecoder", "ByteLevel", "WordPiece", "Metaspace", "CTC", "Sequence", "Replace", "Fuse", "Strip"),
        "ByteFallback",
    },
}
# a class, an escape with its braces, or one sign
_REGEX_SIGN = re.compile(r"\\[pPx]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|.", re.DOTALL)


def clean_part(part: str, found: object, ids: dict[str, int], name: str) -> dict[str, Any] | None:
    """Check one section and everything in it; raises CheckpointError naming the section."""
    if found is None:
        return None
    if not isinstance(found, dict):
        raise refused(name, part, "is not an object")
    for count, component in enumerate(_walk(part, found, name)):
        if count >= MOST_COMPONENTS:
            raise refused(name, part, f"has more than {MOST_COMPONENTS} steps")
        _check_component(part, component, ids, name)
    return found


def count_growth(parts: dict[str, dict[str, Any] | None], name: str) -> None:
    """Refuse sections that together could turn a short text into an endless one."""
    growth = 1.0
    for part, found in parts.items():
        for component in _walk(part, found, name) if found else ():
            growth *= _growth(component)
    if growth > MOST_GROWTH:
        raise refused(name, "normalizer and decoder", "could make a short text endlessly long")


def names_special_tokens(processor: dict[str, Any] | None) -> bool:
    """True if the post-processor puts special tokens around a text."""
    framing = {"TemplateProcessing", "BertProcessing", "RobertaProcessing"}
    return processor is not None and any(step["type"] in framing for step in _walk("post_processor", processor, ""))


def _walk(part: str, found: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """``found`` and, if it is a Sequence, all that stands in it."""
    waiting: list[Any] = [found]
    while waiting:
        component = waiting.pop()
        if not isinstance(component, dict) or not isinstance(component.get("type"), str):
            raise refused(name, part, "has a step without a type")
        yield component
        if component["type"] == "Sequence":
            children = component.get(_CHILDREN[part])
            if not isinstance(children, list) or len(children) > MOST_COMPONENTS:
                raise refused(name, part, f"has a Sequence without a list of at most {MOST_COMPONENTS} steps")
            waiting.extend(children)


def _check_component(part: str, component: dict[str, Any], ids: dict[str, int], name: str) -> None:
    kind = component["type"]
    if kind not in _TYPES[part]:
        raise refused(name, part, f"has the unknown type {printable(kind, 40)!r}")
    _check_texts(part, component, name)
    if kind == "Precompiled":
        _check_charsmap(component.get("precompiled_charsmap"), name)
    if kind == "TemplateProcessing":
        _check_template(component, ids, name)
    if kind in ("BertProcessing", "RobertaProcessing"):
        for role in ("sep", "cls"):
            pair = component.get(role)
            if (
                not isinstance(pair, list)
                or len(pair) != 2
                or not isinstance(pair[0], str)
                or ids.get(pair[0]) != pair[1]
            ):
                raise refused(name, part, f"names a {role} token that is not in the vocabulary with that id")


def _check_texts(part: str, component: dict[str, Any], name: str) -> None:
    pattern = component.get("pattern")
    regex = pattern.get("Regex") if isinstance(pattern, dict) else None
    texts = [*component.values(), *(pattern.values() if isinstance(pattern, dict) else ())]
    if any(isinstance(text, str) and len(text) > LONGEST_TEXT for text in texts) and component["type"] != "Precompiled":
        raise refused(name, part, f"has a text of more than {LONGEST_TEXT} letters")
    if isinstance(regex, str) and _repeats_repetition(regex):
        raise refused(name, part, "has a regular expression that repeats a repetition and might never end")


def _check_charsmap(found: object, name: str) -> None:
    """A charsmap starts with the size of its trie in bytes, which must lie within (sentencepiece's layout)."""
    if not isinstance(found, str) or not 8 <= len(found) <= LARGEST_CHARSMAP:
        raise refused(name, "normalizer", "has no usable precompiled_charsmap")
    try:
        raw = base64.b64decode(found, validate=True)
    except (binascii.Error, ValueError):
        raise refused(name, "normalizer", "has a precompiled_charsmap that is not base64") from None
    size = int.from_bytes(raw[:4], "little")
    if size == 0 or size % 4 or size > len(raw) - 4:
        raise refused(name, "normalizer", "has a damaged precompiled_charsmap")


def _check_template(component: dict[str, Any], ids: dict[str, int], name: str) -> None:
    tokens = component.get("special_tokens")
    if not isinstance(tokens, dict) or not all(_agrees(key, token, ids) for key, token in tokens.items()):
        raise refused(name, "post_processor", "lists a special token that the vocabulary doesn't have with that id")
    for key, wanted in (("single", ["A"]), ("pair", ["A", "B"])):
        steps = component.get(key)
        if not isinstance(steps, list) or len(steps) > LONGEST_TEMPLATE:
            raise refused(name, "post_processor", f"has no usable {key} template")
        named = [(_step(step, tokens, name), "Sequence" in step) for step in steps]
        if sorted(identity for identity, is_text in named if is_text) != wanted:
            raise refused(name, "post_processor", f"has a {key} template without {' and '.join(wanted)}, once each")


def _step(step: object, tokens: dict[str, Any], name: str) -> str:
    """Check one step of a template and give its id."""
    content = next(iter(step.values())) if isinstance(step, dict) and len(step) == 1 else None
    if isinstance(step, dict) and isinstance(content, dict):
        identity, segment = content.get("id"), content.get("type_id")
        known = "Sequence" in step or ("SpecialToken" in step and isinstance(identity, str) and identity in tokens)
        legal = isinstance(segment, int) and not isinstance(segment, bool) and 0 <= segment <= HIGHEST_SEGMENT
        if known and legal and isinstance(identity, str):
            return identity
    raise refused(name, "post_processor", "has a template step that is not a sequence or a listed special token")


def _agrees(key: str, token: object, ids: dict[str, int]) -> bool:
    if not isinstance(token, dict) or token.get("id") != key:
        return False
    names, numbers = token.get("tokens"), token.get("ids")
    if (
        not isinstance(names, list)
        or not isinstance(numbers, list)
        or not len(names) == len(numbers) <= LONGEST_TEMPLATE
    ):
        return False
    return all(isinstance(word, str) and ids.get(word) == number for word, number in zip(names, numbers, strict=True))


def _growth(component: dict[str, Any]) -> float:
    """How many letters one letter may become in this step."""
    if component["type"] == "ByteLevel":
        return _BYTE_GROWTH
    if component["type"] != "Replace":
        return 1.0
    pattern, content = component.get("pattern"), component.get("content")
    literal = pattern.get("String") if isinstance(pattern, dict) else None
    length = len(content) if isinstance(content, str) else 0
    return max(1.0, length / len(literal)) if isinstance(literal, str) and literal else length + 1.0


def _repeats_repetition(regex: str) -> bool:
    """True for patterns like (a+)+ whose matching takes exponential time."""
    signs = [match.group() for match in _REGEX_SIGN.finditer(regex)]
    holds = [False]  # for each open group: does it hold an unbounded repetition?
    for sign, following in itertools.pairwise([*signs, ""]):
        if sign == "(":
            holds.append(False)
        elif sign == ")" and len(holds) > 1:
            inner = holds.pop()
            if inner and _unbounded(following):
                return True
            holds[-1] = holds[-1] or inner
        elif _unbounded(sign):
            holds[-1] = True
    return False


def _unbounded(sign: str) -> bool:
    if sign in ("*", "+"):
        return True
    bounds = re.fullmatch(r"\{(\d*),?(\d*)\}", sign)
    if not bounds or sign == "{}":
        return False
    digits = bounds[2] or bounds[1]
    return (sign.endswith(",}")) or len(digits) > 1
