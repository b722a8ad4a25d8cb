"""What a weights pickle would build, found out by following its opcodes symbolically: nothing is imported or called.

A pickle is a program for a stack machine (PEP 307, pickletools). A state dict needs few of its opcodes and four kinds of
globals; whatever else appears is refused by name. Tensors are understood as (storage, shape) and must cover their storage.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from typing import Any

from attnviz.errors import CheckpointError, printable
from attnviz.models.gate.pickle_values import (
    ALLOWED,
    ORDERED,
    PARAMETER,
    REBUILD,
    STORAGES,
    Global,
    Malformed,
    Storage,
    Tensor,
    is_count,
    rebuilt,
)
from attnviz.models.gate.safetensors_header import LARGEST_DIMENSION, MOST_TENSORS, TENSOR_NAME

MOST_OPCODES = 1_000_000
_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}


def run(program: bytes, name: str) -> dict[str, Tensor]:
    """The state dict that ``program`` describes; raises UNSAFE_PICKLE, or PICKLE_UNREADABLE if it isn't one."""
    machine = _Machine(name)
    stream = io.BytesIO(program)
    try:
        for _ in range(MOST_OPCODES):
            opcode = _OPCODES[stream.read(1).decode("latin-1")]
            machine.check(opcode.name)  # before its argument is even read
            machine.step(opcode.name, _argument(opcode, stream))
            if opcode.name == "STOP":
                break
        else:
            raise machine.unreadable("its pickle has too many steps")
    except Malformed as error:
        raise machine.unreadable(str(error)) from None
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, UnicodeError, OverflowError) as error:
        raise machine.unreadable("its pickle is damaged") from error
    if stream.read(1):
        raise machine.unreadable("its pickle has extra bytes behind its end")
    return _state_dict(machine)


def _argument(opcode: pickletools.OpcodeInfo, stream: io.BytesIO) -> Any:
    """What stands behind an opcode; the names of a GLOBAL as they are, where pickletools would unescape them."""
    if opcode.name == "GLOBAL":
        module, name = stream.readline(), stream.readline()
        if not module.endswith(b"\n") or not name.endswith(b"\n"):
            raise ValueError("a name without an end")
        return f"{module[:-1].decode()}.{name[:-1].decode()}"
    return opcode.arg.reader(stream) if opcode.arg else None


class _Machine:
    """The stack and memo of one program. ``_MARK`` separates what a later opcode takes together."""

    _MARK = object()

    def __init__(self, name: str) -> None:
        self._name = name
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def check(self, opcode: str) -> None:
        """Refuse the opcodes that no state dict needs."""
        if opcode not in _ACTIONS:
            raise self.unsafe(f"its pickle uses the step {opcode}, which plain weights never need")

    def step(self, opcode: str, argument: Any) -> None:
        """Follow one opcode."""
        _ACTIONS[opcode](self, argument)

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

    def import_from_stack(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        self.import_name(
            f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "something unnamed"
        )

    def import_name(self, name: str) -> None:
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
        if type(key) is not str or not (key.isascii() and key.isdigit()) or not is_count(count, LARGEST_DIMENSION):
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
            self.push(rebuilt(arguments))
        elif function.name == PARAMETER and len(arguments) == 3 and type(arguments[0]) is Tensor:
            self.push(arguments[0])
        else:
            raise self.unsafe(f"its pickle calls {function.name} in a way that plain weights never need")


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
