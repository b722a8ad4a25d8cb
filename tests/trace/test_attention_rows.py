"""One query of an attention in all heads is the row of each head's whole matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.trace import frozen
from tests.views.sentences import attention


def test_a_row_is_the_row_of_the_whole() -> None:
    """With a mask, a bias and a head whose weights were set by hand."""
    found = attention(7, masked=True, biased=True)
    given = found.weights(1).copy()
    given[3] = np.eye(7)[2]
    found = replace(found, given={1: frozen(given)})
    for query in range(7):
        for head in range(found.heads):
            np.testing.assert_allclose(found.products_of(query)[head], found.products(head)[query], atol=1e-5)
            np.testing.assert_allclose(found.scores_of(query)[head], found.scores(head)[query], atol=1e-5)
            np.testing.assert_allclose(found.weights_of(query)[head], found.weights(head)[query], atol=1e-6)
