"""The plane in which vectors vary most: their first two principal components, exact where they are few, else by a block Krylov method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Floats

_SMALL = 2e7  # multiplications below which a full singular value decomposition is quick
_BLOCK, _MOST_STEPS, _STILL = 8, 10, 1e-5
_Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """``axes`` (2, width) are orthonormal; ``shares`` are the parts of all variance along them.

    ``settled`` is False where the search ended before the axes stood still: then no two directions stand out.
    """

    mean: Floats
    axes: Floats
    shares: tuple[float, float]
    settled: bool

    def places(self, states: Floats) -> Floats:
        """Vectors (tokens, width) in the plane, (tokens, 2)."""
        found: Floats = np.matmul(states - self.mean, self.axes.T, dtype=np.float32)
        return found


def plane_of(stacks: Sequence[Floats]) -> Plane | None:
    """The plane of all rows of some (tokens, width) arrays together; None where there is nothing finite to fit.

    Many rows: Musco and Musco 2015, "Randomized block Krylov methods", with a fixed seed, until the axes stand still.
    """
    rows: Floats = np.concatenate(stacks) if stacks else np.zeros((0, 0), np.float32)
    if rows.size == 0 or rows.shape[1] < 2 or not np.isfinite(rows.sum(dtype=np.float64)):
        return None
    mean: Floats = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    rows -= mean
    total = float(np.vdot(rows, rows))
    few = rows.size * min(rows.shape) <= _SMALL
    axes, energies, settled = (*_decomposed(rows), True) if few else _krylov(rows)
    turned = np.sign(axes[np.arange(2), np.abs(axes).argmax(axis=1)])[
        :, None
    ]  # the sign is free: the largest part is positive
    shares = energies / total if total > 0 else np.zeros(2)
    return Plane(mean, (axes * turned).astype(np.float32), (float(shares[0]), float(shares[1])), settled)


def _decomposed(rows: Floats) -> tuple[_Doubles, _Doubles]:
    """Two right singular vectors and the squares of their singular values."""
    _, values, vectors = np.linalg.svd(rows.astype(np.float64), full_matrices=len(rows) < 2)
    energies = np.zeros(2)
    energies[: min(2, len(values))] = values[:2] ** 2
    return vectors[:2], energies


def _krylov(rows: Floats) -> tuple[_Doubles, _Doubles, bool]:
    """The same from the span of Ω, AᵀAΩ, (AᵀA)²Ω …: each step costs two thin products, in the states' own precision."""
    block = np.linalg.qr(np.random.default_rng(0).normal(size=(rows.shape[1], _BLOCK)))[0]
    basis, images = block, [rows @ block.astype(np.float32)]
    gram = (images[0].T @ images[0]).astype(np.float64)  # of the images of the whole basis
    axes, energies = _ritz(basis, gram)
    steps = min(_MOST_STEPS, min(rows.shape) // _BLOCK - 1)
    for _ in range(steps):
        block = (rows.T @ images[-1]).astype(np.float64)  # (width, block)
        for _ in range(2):  # once is not enough in floating point
            block -= basis @ (basis.T @ block)
        block = np.linalg.qr(block)[0]
        images.append(rows @ block.astype(np.float32))  # (rows, block)
        beside = np.vstack([one.T @ images[-1] for one in images]).astype(np.float64)
        gram = np.block([[gram, beside[:-_BLOCK]], [beside[:-_BLOCK].T, beside[-_BLOCK:]]])
        basis = np.hstack([basis, block])
        before, (axes, energies) = axes, _ritz(basis, gram)
        if 1 - np.abs((before * axes).sum(axis=1)).min() < _STILL**2 / 2:
            return axes, energies, True
    return axes, energies, steps < _MOST_STEPS  # the basis has become all there is


def _ritz(basis: _Doubles, gram: _Doubles) -> tuple[_Doubles, _Doubles]:
    """The best two axes within a basis."""
    values, vectors = np.linalg.eigh(gram)
    return (basis @ vectors[:, :-3:-1]).T, values[:-3:-1]
