"""An RNN encoder and self-attention of equal width: time, what training must keep, and which products wait for which.

Vaswani et al. 2017, section 4 and table 1: a recurrent layer costs n·d² and takes n steps one after another, self-attention
costs n²·d and takes one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from attnviz.models.attention import Projections, attend, join_heads, scale_of, split_heads
from attnviz.models.device import choose
from attnviz.trace import Progress

if TYPE_CHECKING:
    from torch.autograd.graph import Node

HEAD_DIM = 64
NODES_AT_ONCE = 2000
PRODUCTS = {"Addmm": 1, "Mm": 1, "Bmm": 1, "Linear": 1, "ScaledDotProduct": 2}
"""How many matrix products, one after the other, a node of autograd's graph stands for, by how torch begins its name."""


class SelfAttention(nn.Module):
    """Multi-head self-attention over (batch, tokens, width), its weights computed by hand or by the fused kernel."""

    def __init__(self, width: int, *, fused: bool) -> None:
        super().__init__()
        self.project = Projections(width, max(1, width // HEAD_DIM))
        self.fused = fused

    def forward(self, states: Tensor) -> Tensor:
        query, key, value = (
            split_heads(each(states), self.project.heads)  # (batch, heads, tokens, head_dim)
            for each in (self.project.query, self.project.key, self.project.value)
        )
        if self.fused:
            context = attend(query, key, value)
        else:
            scores = query @ key.transpose(-1, -2) * scale_of(query.shape[-1])  # (batch, heads, tokens, tokens)
            context = scores.softmax(-1) @ value
        found: Tensor = self.project.output(join_heads(context))  # (batch, tokens, width)
        return found


class Recurrent(nn.Module):
    """A GRU over (batch, tokens, width), one direction, one layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, batch_first=True)

    def forward(self, states: Tensor) -> Tensor:
        found: Tensor = self.gru(states)[0]  # (batch, tokens, width)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """The layers by name, on one device, and where they run in words."""

    layers: dict[str, nn.Module]
    width: int
    device: torch.device

    @property
    def place(self) -> str:
        threads = torch.get_num_threads()
        return (
            f"{self.device.type}, {threads} {'thread' if threads == 1 else 'threads'}"
            if self.device.type == "cpu"
            else self.device.type
        )

    def states(self, tokens: int, seed: int) -> Tensor:
        """Random input, (1, tokens, width)."""
        chance = torch.Generator().manual_seed(seed)
        return torch.randn((1, tokens, self.width), generator=chance).to(self.device)

    @torch.inference_mode()
    def seconds(self, name: str, states: Tensor) -> float:
        """How long one forward takes."""
        self._wait()
        began = time.perf_counter()
        self.layers[name](states)
        self._wait()
        return time.perf_counter() - began

    def kept(self, name: str, states: Tensor) -> tuple[int, Tensor]:
        """The bytes that a forward keeps for the backward pass, besides the input and the weights; and what it computed."""
        layer = self.layers[name]
        free = {each.untyped_storage().data_ptr() for each in (states, *layer.parameters())}
        storages: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in free:
                storages[storage.data_ptr()] = storage.nbytes()
            return tensor

        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, _as_it_is):
            output: Tensor = layer(states)
        return sum(storages.values()), output

    def _wait(self) -> None:
        """Until the device has done what it was told."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        elif self.device.type == "mps":
            torch.mps.synchronize()


def bench(width: int, names: tuple[str, str, str]) -> Bench:
    """A GRU, self-attention by hand and self-attention by the fused kernel, under these names, on the best device."""
    device = choose("auto")
    made: tuple[Callable[[], nn.Module], ...] = (
        lambda: Recurrent(width),
        lambda: SelfAttention(width, fused=False),
        lambda: SelfAttention(width, fused=True),
    )
    return Bench({name: make().to(device) for name, make in zip(names, made, strict=True)}, width, device)


def chain(output: Tensor, what: str) -> Generator[Progress, None, int]:
    """The longest chain of matrix products of which each waits for the one before, in autograd's graph of ``output``."""
    depth: dict[Node, int] = {}
    root = output.grad_fn
    if root is None:
        return 0
    stack = [root]
    while stack:
        if len(depth) % NODES_AT_ONCE == 0:
            yield Progress(what)
        node = stack[-1]
        before = [each for each, _ in node.next_functions if each is not None]
        unknown = [each for each in before if each not in depth]
        if unknown:
            stack += unknown
            continue
        stack.pop()
        depth[node] = _products(node.name()) + max((depth[each] for each in before), default=0)
    return depth[root]


def _products(name: str) -> int:
    return next((number for begin, number in PRODUCTS.items() if name.startswith(begin)), 0)


def _as_it_is(tensor: Tensor) -> Tensor:
    return tensor
