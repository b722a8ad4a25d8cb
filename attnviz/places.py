"""Where things lie: what ships with the program, and the user's own folders."""

from __future__ import annotations

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """A shipped folder: inside the package when installed from a wheel, beside it in a checkout."""
    inside = _PACKAGE / "_data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def resources() -> Path:
    """Icons, samples and styles."""
    return _shipped("resources")


def checkpoints() -> Path:
    """The shipped checkpoints, one folder each."""
    return _shipped("checkpoints")


def settings_file() -> Path:
    """The user's settings, JSON."""
    return Path(platformdirs.user_config_dir("attnviz", appauthor=False)) / "settings.json"


def log_file() -> Path:
    """Where the program writes what went wrong, with tracebacks."""
    return Path(platformdirs.user_log_dir("attnviz", appauthor=False)) / "attnviz.log"
