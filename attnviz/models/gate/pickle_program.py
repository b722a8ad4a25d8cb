"""What a weights pickle would build, found out by following its opcodes symbolically: nothing is imported or called.

A pickle is a program for a stack machine (PEP 307, pickletools). A state dict needs few of its opcodes and four kinds of
globals; whatever else appears is refused by name. Tensors are understood as (storage, shape) and must cover their storage.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attnviz.errors import CheckpointError, printable
from attnviz.models.gate.safetensors_header import (
    HIGHEST_RANK,
    ITEM_SIZES,
    LARGEST_DIMENSION,
    MOST_TENSORS,
    TENSOR_NAME,
)

MOST_OPCODES = 1_000_000
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


def run(program: bytes, name: str) -> dict[str, Tensor]:
    """The state dict that ``program`` describes; raises UNSAFE_PICKLE, or PICKLE_UNREADABLE if it isn't one."""
    machine = _Machine(name)
    end: int | None = 0
    try:
        for count, (opcode, argument, end) in enumerate(pickletools.genops(program)):
            if count >= MOST_OPCODES:
                raise machine.unreadable("its pickle has too many steps")
            machine.step(opcode.name, argument)
        if (end or 0) + 1 != len(program):
            raise machine.unreadable("its pickle has extra bytes behind its end")
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError, OverflowError) as error:
        raise machine.unreadable("its pickle is damaged") from error
    return _state_dict(machine)


class _Machine:
    """The stack and memo of one program. ``_MARK`` separates what a later opcode takes together."""

    _MARK = object()

    def __init__(self, name: str) -> None:
        self._name = name
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def step(self, opcode: str, argument: Any) -> None:
        """Follow one opcode; raises CheckpointError for those that no state dict needs."""
        action = _ACTIONS.get(opcode)
        if action is None:
            raise self.unsafe(f"its pickle uses the step {opcode}, which plain weights never need")
        action(self, argument)

    def result(self) -> Any:
        if len(self._stack) != 1:
            raise self.unreadable("its pickle leaves no single value")
        return self._stack[0]

    def unsafe(self, reason: str) -> CheckpointError:
        sentence = f"{self._name} is refused: {reason}. Use the model.safetensors of this model instead."
        return CheckpointError(sentence, "UNSAFE_PICKLE")

    def unreadable(self, reason: str) -> CheckpointError:
        sentence = (
            f"{self._name} is not a usable PyTorch file: {reason}. Use a model.safetensors of this model instead."
        )
        return CheckpointError(sentence, "PICKLE_UNREADABLE")

    def nothing(self, _: Any) -> None:
        """PROTO, FRAME and STOP change no value."""

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def pop(self) -> Any:
        value = self._stack.pop()
        if value is self._MARK:
            raise ValueError("a mark where a value should be")
        return value

    def mark(self, _: Any) -> None:
        self._stack.append(self._MARK)

    def to_mark(self) -> list[Any]:
        values = []
        while (value := self._stack.pop()) is not self._MARK:
            values.append(value)
        return values[::-1]

    def top(self, kind: type) -> Any:
        """The value on top, which must be of that kind: nothing else may be written into."""
        value = self._stack[-1]
        if type(value) is not kind:
            raise self.unsafe(f"its pickle writes into something that is not a {kind.__name__}")
        return value

    def put(self, index: int) -> None:
        if self._stack[-1] is self._MARK:
            raise ValueError("a mark can't be remembered")
        self._memo[index] = self._stack[-1]

    def memoize(self, _: Any) -> None:
        self.put(len(self._memo))

    def get(self, index: int) -> None:
        self._stack.append(self._memo[index])

    def import_name(self, argument: str) -> None:
        """GLOBAL: pickletools gives module and name with a space between."""
        self._import(argument.replace(" ", ".", 1))

    def import_from_stack(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        self._import(f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "something unnamed")

    def _import(self, name: str) -> None:
        if name not in ALLOWED:
            raise self.unsafe(f"it would run {printable(name, 100)}, which is code and not weights")
        self.push(Global(name))

    def take_tuple(self, count: int) -> None:
        self.push(tuple(self.pop() for _ in range(count))[::-1])

    def set_items(self, pairs: list[Any]) -> None:
        target = self.top(dict)
        if len(pairs) % 2:
            raise ValueError("a key without a value")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if type(key) not in (str, int):  # hashing a deep tuple could exhaust the C stack
                raise self.unreadable("it has table keys that are not names")
            target[key] = value

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self.set_items([key, value])

    def extend(self, values: list[Any]) -> None:
        self.top(list).extend(values)

    def build(self, _: Any) -> None:
        """BUILD gives an OrderedDict its attributes (torch keeps _metadata there); they are of no use to us."""
        if type(self.pop()) is not dict:
            raise self.unsafe("its pickle sets the state of an object")
        self.top(dict)

    def persistent(self, _: Any) -> None:
        """BINPERSID: ('storage', type, key, device, count), torch's reference to a record of the archive."""
        reference = self.pop()
        if type(reference) is not tuple or len(reference) != 5:
            raise ValueError("not a reference to a storage")
        word, kind, key, _device, count = reference
        if word != "storage" or type(kind) is not Global or kind.name not in STORAGES:
            raise self.unsafe("its pickle refers to something that is not a storage of numbers")
        if type(key) is not str or not (key.isascii() and key.isdigit()) or not _is_count(count, LARGEST_DIMENSION):
            raise ValueError("a malformed storage")
        self.push(Storage(key, STORAGES[kind.name], count))

    def reduce(self, _: Any) -> None:
        """REDUCE: a call, allowed to three functions with exactly the arguments that torch.save gives them."""
        arguments, function = self.pop(), self.pop()
        if type(function) is not Global or type(arguments) is not tuple:
            raise self.unsafe("its pickle calls something that is not a named function")
        if function.name == ORDERED and not arguments:
            self.push({})
        elif function.name == REBUILD:
            self.push(self._tensor(arguments))
        elif function.name == PARAMETER and len(arguments) == 3 and type(arguments[0]) is Tensor:
            self.push(arguments[0])
        else:
            raise self.unsafe(f"its pickle calls {function.name} in a way that plain weights never need")

    def _tensor(self, arguments: tuple[Any, ...]) -> Tensor:
        if len(arguments) != 6:
            raise self.unreadable("a tensor carries more than its numbers")
        storage, offset, shape, stride, gradient, hooks = arguments
        if type(storage) is not Storage or type(gradient) is not bool or hooks != {}:
            raise self.unreadable("a tensor is malformed")
        sizes_fit = (
            type(shape) is tuple
            and len(shape) <= HIGHEST_RANK
            and all(_is_count(size, LARGEST_DIMENSION) for size in shape)
        )
        if not sizes_fit or type(stride) is not tuple or not all(_is_count(step, 2**62) for step in stride):
            raise self.unreadable("the shape of a tensor is malformed")
        plain = offset == 0 and stride == _strides(shape) and math.prod(shape) == storage.count
        if type(offset) is not int or not plain:
            raise self.unreadable("a tensor is only a view into its storage; it must be saved contiguous")
        return Tensor(storage.key, storage.dtype, shape)


def _strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a C-ordered tensor, in numbers."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _is_count(value: object, highest: int) -> bool:
    return type(value) is int and 0 <= value <= highest


def _state_dict(machine: _Machine) -> dict[str, Tensor]:
    """The result, if it is a flat table from tensor names to tensors that don't overlap."""
    found = machine.result()
    if type(found) is not dict or not found:
        raise machine.unreadable("it holds no table of tensors; save the model's state_dict alone")
    if len(found) > MOST_TENSORS:
        raise machine.unreadable(f"it lists more than {MOST_TENSORS} tensors")
    owners: dict[str, Tensor] = {}
    for key, tensor in found.items():
        if type(key) is not str or not TENSOR_NAME.fullmatch(key):
            raise machine.unreadable(f"the tensor name {printable(str(key))!r} is unexpected")
        if type(tensor) is not Tensor:
            raise machine.unreadable(f"{printable(key)} is not a tensor; save the model's state_dict alone")
        owner = owners.setdefault(tensor.storage, tensor)
        if (owner.dtype, owner.shape) != (tensor.dtype, tensor.shape):
            raise machine.unreadable(
                f"tensor {printable(key)} shares its numbers with another one of a different shape"
            )
    return found


_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), _Machine.nothing),
    **dict.fromkeys(
        ("BINUNICODE", "SHORT_BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"), _Machine.push
    ),
    "NONE": lambda machine, _: machine.push(None),
    "NEWTRUE": lambda machine, _: machine.push(True),
    "NEWFALSE": lambda machine, _: machine.push(False),
    "EMPTY_DICT": lambda machine, _: machine.push({}),
    "EMPTY_LIST": lambda machine, _: machine.push([]),
    "EMPTY_TUPLE": lambda machine, _: machine.push(()),
    "MARK": _Machine.mark,
    "TUPLE": lambda machine, _: machine.push(tuple(machine.to_mark())),
    "TUPLE1": lambda machine, _: machine.take_tuple(1),
    "TUPLE2": lambda machine, _: machine.take_tuple(2),
    "TUPLE3": lambda machine, _: machine.take_tuple(3),
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.to_mark()),
    "SETITEM": _Machine.set_item,
    "SETITEMS": lambda machine, _: machine.set_items(machine.to_mark()),
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.import_name,
    "STACK_GLOBAL": _Machine.import_from_stack,
    "BINPERSID": _Machine.persistent,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
}
