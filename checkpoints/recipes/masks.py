"""Masks for training, drawn as the program's own experiment draws them."""

from __future__ import annotations

from attnviz.models.masks import Masked, mask

__all__ = ["Masked", "mask"]
