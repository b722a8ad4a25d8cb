"""Text from outside made fit for tokenizers and Qt: no lone surrogates, no NUL, not endless; what was changed is counted."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 20_000
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\ud800-\udfff\0]")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A fit text; ``replaced`` characters became U+FFFD, and ``cut`` code points were left off its end."""

    text: str
    replaced: int = 0
    cut: int = 0

    @property
    def sentence(self) -> str:
        """What was changed, for the reader; empty when nothing was."""
        parts = []
        if self.replaced:
            noun = "character" if self.replaced == 1 else "characters"
            parts.append(f"{self.replaced:,} invalid {noun} replaced by {REPLACEMENT}")
        if self.cut:
            parts.append(f"the text is cut at {LONGEST:,} characters; {self.cut:,} left out")
        return "; ".join(parts)


def clean(text: str) -> Cleaned:
    """``text`` with surrogate pairs joined, lone surrogates and NUL replaced, and no more than 20,000 code points."""
    whole = _PAIR.sub(_joined, text)
    kept = whole[:LONGEST]
    fit, replaced = _UNFIT.subn(REPLACEMENT, kept)
    return Cleaned(fit, replaced, len(whole) - len(kept))


def well_formed(text: str) -> tuple[str, int]:
    """``text`` of any length with surrogate pairs joined and lone surrogates replaced, and how many those were."""
    whole = _PAIR.sub(_joined, text)
    return _LONE.subn(REPLACEMENT, whole)


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
