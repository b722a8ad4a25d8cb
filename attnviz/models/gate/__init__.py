"""The gate: all that is checked about a stranger's checkpoint folder before torch reads a byte of it.

Rules and reasons: every file is a regular one inside the folder, config.json and tokenizer files are read by whitelist,
the weights' header must agree with the configuration to the last byte, and pickles are followed without being run.

Whoever only opens plain files or waits for a verdict doesn't import what reads pickles: each name comes when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.models.gate.checks import examine, examine_tokenizer
    from attnviz.models.gate.examination import Examination, TokenizerExamination
    from attnviz.models.gate.paths import FileIdentity
    from attnviz.models.gate.verdict import TensorInfo, Verdict, unchanged

__all__ = [
    "Examination",
    "FileIdentity",
    "TensorInfo",
    "TokenizerExamination",
    "Verdict",
    "examine",
    "examine_tokenizer",
    "unchanged",
]

_PLACES = {
    "Examination": "examination",
    "FileIdentity": "paths",
    "TensorInfo": "verdict",
    "Verdict": "verdict",
    "TokenizerExamination": "examination",
    "examine": "checks",
    "examine_tokenizer": "checks",
    "unchanged": "verdict",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
