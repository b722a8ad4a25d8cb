"""Numbers as the sentences of a conclusion say them."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share in [0, 1] in per cent; what would round to nothing is said to be small."""
    return "less than 0.1 %" if 0.0 < share < 0.001 else f"{share * 100:.1f} %"
