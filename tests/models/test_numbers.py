"""Tensors as the records keep them: copies, whatever their type and layout."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.models.attention import numbers, record
from attnviz.trace import Site


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_numbers_are_read_only_copies(dtype: torch.dtype) -> None:
    """Contiguous float32 of the same values; what is written into the tensor later doesn't reach them."""
    for tensor in (torch.randn(5, 7).to(dtype), torch.randn(7, 5).to(dtype).T, torch.randn(5, 7, requires_grad=True)):
        expected = tensor.detach().to(torch.float32).clone()
        found = numbers(tensor)
        tensor.detach().zero_()
        assert found.dtype == np.float32
        assert found.flags.c_contiguous
        assert not found.flags.writeable
        np.testing.assert_array_equal(found, np.array(expected.tolist(), np.float32))


def test_a_record_shares_nothing_with_the_model() -> None:
    """Neither for attention to itself nor to others of another length."""
    for keys in (4, 6):
        query, key, value = torch.randn(2, 4, 3), torch.randn(2, keys, 3), torch.randn(2, keys, 3)
        expected = query.tolist(), key.tolist(), value.tolist()
        found = record(Site.ENCODER, 0, query, key, value)
        for tensor in (query, key, value):
            tensor.zero_()
        assert (found.query.tolist(), found.key.tolist(), found.value.tolist()) == expected
