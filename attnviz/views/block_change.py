"""Where a block under what-ifs isn't what its formulas say: weights set by hand, a dropped head, a dropped sublayer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from attnviz.trace import Attention, Block, BlockWeights, softmax
from attnviz.views.block_moment import BlockMoment

_CLOSE = 1e-3


def set_by_hand(moment: BlockMoment, query: int) -> bool:
    """Whether the weights that this query used are others than the softmax of its scores."""
    if moment.attention.given is None:
        return False
    own = softmax(moment.unfolded.scores[query][None])[0]
    return bool(np.abs(own - moment.unfolded.weights[query]).max() > _CLOSE / 10)


def head_changed(moment: BlockMoment) -> bool:
    """Whether the head handed on something else than its weighted sums."""
    return _head_changed(moment.block, moment.attention, moment.head)


def feed_dropped(moment: BlockMoment) -> bool:
    """Whether the feed-forward adds nothing at all."""
    return _all_zero(moment.block)


def layer_skipped(moment: BlockMoment) -> bool:
    """Whether what goes on isn't what the block computed."""
    return _skipped(moment.block, moment.weights, moment.pre)


@lru_cache(maxsize=2)
def _head_changed(block: Block, attention: Attention, head: int) -> bool:
    width = attention.query.shape[2]
    handed = block.stages["context"][:, head * width : (head + 1) * width]
    summed = attention.context(head)
    return bool(np.abs(summed - handed).max() > _CLOSE * max(1.0, float(np.abs(summed).max())))


@lru_cache(maxsize=2)
def _all_zero(block: Block) -> bool:
    return not block.stages["outer"].any()


@lru_cache(maxsize=2)
def _skipped(block: Block, weights: BlockWeights | None, pre: bool) -> bool:
    stages = block.stages
    if "output" not in stages:
        return False
    if pre:
        return not np.array_equal(stages["output"], stages["output_sum"])
    if weights is None:
        return np.array_equal(stages["output"], stages["input"])
    row = stages["output_sum"][0].astype(np.float64)
    normed = (row - row.mean()) / np.sqrt(row.var() + weights.epsilon)
    gains = weights.parameters["output_norm.weight"], weights.parameters["output_norm.bias"]
    return bool(np.abs(normed * gains[0] + gains[1] - stages["output"][0]).max() > _CLOSE * max(1.0, abs(normed).max()))
