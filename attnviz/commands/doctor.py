"""``attnviz doctor``: what this machine has, and whether the checkpoints load."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import __version__, places, system
from attnviz.commands.run import print_json, recent
from attnviz.errors import AttnvizError, in_words
from attnviz.models import shelf
from attnviz.models.reference import Reference

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

NAME = "doctor"
HELP = "versions, device, system libraries and the load verdict of every checkpoint"
PACKAGES = (
    "torch",
    "PySide6-Essentials",
    "pyqtgraph",
    "numpy",
    "tokenizers",
    "safetensors",
    "platformdirs",
    "transformers",
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="a JSON object")


def run(arguments: Namespace) -> None:
    found = findings()
    if arguments.json:
        print_json(found)
        return
    for name, value in found.items():
        if isinstance(value, dict):
            print(f"{name}:")
            for key, entry in value.items():
                print(f"  {key}: {entry}")
        elif isinstance(value, list):
            print(f"{name}: {'none' if not value else ''}")
            for entry in value:
                print(f"  {entry['name'] + ': ' + entry['verdict'] if isinstance(entry, dict) else entry}")
        else:
            print(f"{name}: {value}")


def findings() -> dict[str, object]:
    """Everything the command says, as plain values."""
    missing = system.missing()
    return {
        "attnviz": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "device": _devices(),
        "qt_platform": os.environ.get("QT_QPA_PLATFORM")
        or ("a desktop session" if system.has_display() else "offscreen (no display)"),
        "missing_libraries": [library.name for library in missing],
        "install": system.install_line(missing) if missing else "",
        "settings": str(places.settings_file()),
        "log": str(places.log_file()),
        "checkpoints": _verdicts(),
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def _devices() -> str:
    try:
        from attnviz.models.device import available, choose  # noqa: PLC0415 - imports torch

        return f"{choose()} (available: {', '.join(available())})"
    except Exception as error:  # noqa: BLE001 - a broken torch is a finding, not a failure
        return f"torch can't be used: {in_words(error).sentence}"


def _verdicts() -> list[dict[str, str]]:
    """Load every checkpoint at hand, one after another."""
    folders = dict.fromkeys([*map(str, shelf.shipped()), *recent()])
    return [{"name": Path(folder).name, "path": folder, "verdict": _verdict(folder)} for folder in folders]


def _verdict(folder: str) -> str:
    try:
        from attnviz.models.library import Library  # noqa: PLC0415 - imports torch

        report = Library().open(Reference(folder)).report
    except AttnvizError as error:
        return f"refused ({error.code}): {error.sentence}"
    except Exception as error:  # noqa: BLE001 - one broken checkpoint must not hide the others
        return f"refused: {in_words(error).sentence}"
    return f"ok: {report.found}/{report.expected} tensors, probe {report.probe}"
