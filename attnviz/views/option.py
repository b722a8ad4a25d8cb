"""A setting of a view as an attribute: what isn't among the choices is refused, what changes is drawn."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar, overload

_Value = TypeVar("_Value")


class Refreshable(Protocol):
    """What can draw itself anew."""

    def refresh(self) -> None: ...


class Option(Generic[_Value]):
    """``kind = Option("weights", KINDS)`` in a view's class; setting it calls the view's ``refresh``."""

    def __init__(self, default: _Value, choices: tuple[_Value, ...] = ()) -> None:
        self.default = default
        self.choices = choices
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type) -> Option[_Value]: ...
    @overload
    def __get__(self, view: Refreshable, owner: type) -> _Value: ...
    def __get__(self, view: Refreshable | None, owner: type) -> Option[_Value] | _Value:
        if view is None:
            return self
        value: _Value = view.__dict__.get(self.name, self.default)
        return value

    def __set__(self, view: Refreshable, value: _Value) -> None:
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.name} is one of {self.choices}, not {value!r}")
        if value != self.__get__(view, type(view)):
            view.__dict__[self.name] = value
            view.refresh()
