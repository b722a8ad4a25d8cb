"""What is true of every record."""

from __future__ import annotations

import numpy as np

from attnviz.trace import Hidden, Site, Trace, frozen


def test_runs_with_other_numbers_are_not_equal() -> None:
    """Records that hold arrays are equal only to themselves, and so are the traces that hold them."""
    one, other = (Hidden(Site.ENCODER, 0, frozen(np.full((2, 3), value))) for value in (0.0, 1.0))
    assert one != other
    assert one == one  # noqa: PLR0124 - equality with itself is what is claimed
    assert Trace().plus(one) != Trace().plus(other)
    assert Trace().plus(one) == Trace().plus(one)
