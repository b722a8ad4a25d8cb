"""What can be set about an experiment, described once: for the tab's controls, the command's options and the refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from attnviz.errors import printable

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``lowest`` to ``highest``."""

    label: str
    tip: str
    lowest: int
    highest: int

    def refusal(self, value: object) -> str:
        """What is wrong with a value, as the end of a sentence; empty when nothing is."""
        if type(value) is int and self.lowest <= value <= self.highest:
            return ""
        return f"must be a whole number from {self.lowest:,} to {self.highest:,}, not {printable(str(value))}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    label: str
    tip: str
    choices: tuple[str, ...]

    def refusal(self, value: object) -> str:
        return "" if value in self.choices else f"is one of {', '.join(self.choices)}, not '{printable(str(value))}'"


@dataclass(frozen=True, slots=True)
class Words:
    """A text of one line."""

    label: str
    tip: str
    longest: int = 400

    def refusal(self, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            return "must not be empty; write a sentence"
        return "" if len(value) <= self.longest else f"has {len(value):,} characters; {self.longest} are read"


Kind = Whole | Choice | Words


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of an experiment that a person may set; ``quick`` is its value in the quick size."""

    name: str
    kind: Kind
    default: Any
    quick: Any

    @property
    def option(self) -> str:
        """As it is written on the command line."""
        return "--" + self.name.replace("_", "-")


def setting(kind: Kind, quick: object = None) -> Mapping[str, object]:
    """The metadata of a dataclass field that is a setting; without ``quick`` the quick size has the default too."""
    return {"kind": kind, "quick": quick}


def settings_of(experiment: type[Any]) -> tuple[Setting, ...]:
    """The settings of an experiment's class, in the order of its fields, the seed last."""
    found = [
        Setting(
            field.name,
            field.metadata["kind"],
            field.default,
            field.default if field.metadata["quick"] is None else field.metadata["quick"],
        )
        for field in fields(experiment)
        if "kind" in field.metadata
    ]
    return tuple(sorted(found, key=lambda each: each.name == "seed"))
