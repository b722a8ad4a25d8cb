"""What the pickle of a state dict is made of, as plain values: names of globals, storages, and tensors over them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from attnviz.models.gate.safetensors_header import HIGHEST_RANK, ITEM_SIZES, LARGEST_DIMENSION

ORDERED = "collections.OrderedDict"
REBUILD = "torch._utils._rebuild_tensor_v2"
PARAMETER = "torch._utils._rebuild_parameter"
STORAGES = {
    f"torch.{name}Storage": dtype
    for name, dtype in {
        "Double": "F64",
        "Float": "F32",
        "Half": "F16",
        "BFloat16": "BF16",
        "Long": "I64",
        "Int": "I32",
        "Short": "I16",
        "Char": "I8",
        "Byte": "U8",
        "Bool": "BOOL",
    }.items()
}
ALLOWED = frozenset({ORDERED, REBUILD, PARAMETER, *STORAGES})


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A name that the pickle would import; it isn't."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """A record of numbers: its key in the archive, its type, and how many numbers it says it has."""

    key: str
    dtype: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor that covers a whole storage in C order."""

    storage: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * ITEM_SIZES[self.dtype]


class Malformed(Exception):
    """A value that plain weights never have; says in words what is wrong."""


def rebuilt(arguments: tuple[Any, ...]) -> Tensor:
    """The tensor that torch would rebuild from ``arguments``; raises Malformed unless it covers its storage plainly."""
    if len(arguments) != 6:
        raise Malformed("a tensor carries more than its numbers")
    storage, offset, shape, stride, gradient, hooks = arguments
    if type(storage) is not Storage or type(gradient) is not bool or hooks != {}:
        raise Malformed("a tensor is malformed")
    sizes_fit = (
        type(shape) is tuple and len(shape) <= HIGHEST_RANK and all(is_count(size, LARGEST_DIMENSION) for size in shape)
    )
    if not sizes_fit or type(stride) is not tuple or not all(is_count(step, 2**62) for step in stride):
        raise Malformed("the shape of a tensor is malformed")
    plain = offset == 0 and stride == _strides(shape) and math.prod(shape) == storage.count
    if type(offset) is not int or not plain:
        raise Malformed("a tensor is only a view into its storage; it must be saved contiguous")
    return Tensor(storage.key, storage.dtype, shape)


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a C-ordered tensor, in numbers."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def is_count(value: object, highest: int) -> bool:
    return type(value) is int and 0 <= value <= highest
