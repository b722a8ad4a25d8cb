"""JSON from strangers: UTF-8 only, finite numbers only, no key twice, and every failure said in one sentence."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

from attnviz.errors import CheckpointError, printable

LONGEST_SHOWN = 60


def parse_object(raw: bytes, name: str, code: str) -> dict[str, Any]:
    """The JSON object in ``raw``; anything else raises CheckpointError with ``code``, naming the file ``name``."""
    try:
        value = json.loads(
            raw.decode("utf-8-sig"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_no_duplicates,
        )
    except UnicodeDecodeError:
        raise CheckpointError(f"{name} is not UTF-8 text; download the file again.", code) from None
    except RecursionError:
        raise CheckpointError(f"{name} is nested too deeply to be a real file; download it again.", code) from None
    except json.JSONDecodeError as error:
        reason = "is empty" if not raw.strip() else f"is not valid JSON (line {error.lineno}, column {error.colno})"
        raise CheckpointError(f"{name} {reason}; download the file again.", code) from None
    except ValueError as error:  # ours below, and integers of more than 4300 digits
        reason = str(error) if isinstance(error, _Refused) else "it holds a number that is too long"
        raise CheckpointError(f"{name} is refused: {reason}.", code) from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{name} must hold a JSON object, found {shown(value)}; download it again.", code)
    return value


def shown(value: object) -> str:
    """``value`` for a sentence: its kind if it is large, else itself, elided."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return printable(json.dumps(value, ensure_ascii=False), LONGEST_SHOWN)


class _Refused(ValueError):
    """A value that JSON or Python would take and we don't."""


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"it holds {name}, which is not a number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Refused(f"the number {printable(digits, 20)} is out of range")
    return number


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _Refused(f"the key {printable(twice, 40)!r} stands twice in one object")
    return value
