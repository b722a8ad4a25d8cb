"""The overview of a layer: the same whichever way it is cut into bands."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from attnviz.models import attention as models
from attnviz.trace import Attention, Overview, Site

SHAPES = ((3, 1, 1), (3, 7, 7), (3, 64, 64), (2, 65, 65), (2, 130, 130), (2, 200, 77), (2, 70, 200))


def layer(heads: int, queries: int, keys: int) -> Attention:
    dice = np.random.default_rng(0)
    query, key, value = (
        dice.standard_normal((heads, length, 8)).astype(np.float32) for length in (queries, keys, keys)
    )
    return Attention(Site.ENCODER, 0, query, key, value, 1 / math.sqrt(8), dice.random((queries, keys)) < 0.9)


@pytest.mark.parametrize("cells", [1, 3000, models.MOST_CELLS])
@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_are_torchs_own_pooling_of_the_weights(
    shape: tuple[int, int, int], cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few cells are unfolded at a time, the picture is adaptive max-pooling of the whole matrix."""
    monkeypatch.setattr(models, "MOST_CELLS", cells)
    attention = layer(*shape)
    weights = torch.tensor(np.stack([attention.weights(head) for head in range(attention.heads)]))
    size = tuple(min(side, models.LARGEST_TILE) for side in shape[1:])
    expected = (torch.nn.functional.adaptive_max_pool2d(weights, size) * 255).numpy()
    assert np.abs(models.overview(attention, ()).tiles - expected).max() <= 0.51


@pytest.mark.parametrize("shape", SHAPES)
def test_averages_do_not_depend_on_the_bands(shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that two neighbouring bins share counts once."""
    attention = layer(*shape)
    separators = (shape[2] - 1,)
    weights = np.stack([attention.weights(head) for head in range(attention.heads)]).astype(np.float64)
    monkeypatch.setattr(models, "MOST_CELLS", 1)
    found = dict(zip(Overview.SUMMARY, models.overview(attention, separators).summary.T, strict=True))
    apart = np.abs(np.arange(shape[1])[:, None] - np.arange(shape[2]))
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = {
            "entropy": -np.nansum(weights * np.log(weights), (1, 2)),
            "distance": (weights * apart).sum((1, 2)),
            "self": np.trace(weights, 0, 1, 2),
            "previous": np.trace(weights, -1, 1, 2),
            "next": np.trace(weights, 1, 1, 2),
            "first": weights[..., 0].sum(1),
            "separator": weights[..., -1].sum(1),
        }
    for name, sums in expected.items():
        np.testing.assert_allclose(found[name], sums / shape[1], atol=1e-5, err_msg=name)
