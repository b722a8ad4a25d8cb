"""The gate: all that is checked about a stranger's checkpoint folder before torch reads a byte of it.

Rules and reasons: every file is a regular one inside the folder, config.json and tokenizer files are read by whitelist,
the weights' header must agree with the configuration to the last byte, and pickles are followed without being run.
"""

from __future__ import annotations

import os
from pathlib import Path

from attnviz.errors import CheckpointError, printable
from attnviz.models.config import BertConfig, parse_config
from attnviz.models.gate.examination import Examination, TokenizerExamination
from attnviz.models.gate.memory import check_budget
from attnviz.models.gate.paths import Folder, identify
from attnviz.models.gate.verdict import FileIdentity, TensorInfo, Verdict
from attnviz.models.gate.weights import check_types, read_tensors
from attnviz.models.layout import agree, bert_layout
from attnviz.text.plain_file import read_bytes
from attnviz.text.tokenizer_file import LARGEST_FILE, TokenizerSpec, read_tokenizer, sanitise

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

LARGEST_CONFIG = 2**20


def examine(folder: Path, *, allow_pickle: bool = False, memory: int | None = None) -> Verdict:
    """Check a folder in this process; raises CheckpointError naming the file, the reason and the way out.

    ``memory`` is the most bytes the weights may take as float32; None means half of what is free.
    """
    files = Folder(folder)
    config, notes = _config(files)
    form, tensors = read_tensors(files, allow_pickle=allow_pickle)
    agreement = agree(bert_layout(config), {name: info.shape for name, info in tensors.items()})
    dtype = check_types(tensors, agreement.sources.values())
    size = check_budget(tensors, memory)
    tokenizer = read_tokenizer(files)
    _check_vocabulary(tokenizer, config)
    notes = (*notes, *tokenizer.notes)
    return Verdict(str(files.path), config, agreement, form, tensors, files.identities, tokenizer, dtype, size, notes)


def examine_tokenizer(path: Path) -> TokenizerSpec:
    """Check the tokenizer of a folder, or a tokenizer.json that stands alone, in this process. Raises CheckpointError or TextError."""
    if os.path.isdir(path):  # noqa: PTH112 - Path raises where isdir only denies
        return read_tokenizer(Folder(path))
    return sanitise(read_bytes(str(path), LARGEST_FILE), name=path.name)


def unchanged(verdict: Verdict) -> None:
    """Raise CHANGED_ON_DISK if a file is not the one that was examined."""
    for file in verdict.files:
        try:
            now = identify(file.name, (Path(verdict.folder) / file.name).stat())
        except OSError:
            now = None
        if now != file:
            sentence = f"{printable(file.name)} changed on disk since it was checked; open the folder again."
            raise CheckpointError(sentence, "CHANGED_ON_DISK")


def _config(files: Folder) -> tuple[BertConfig, tuple[str, ...]]:
    if "config.json" not in files:
        raise CheckpointError("The folder has no config.json; pick the folder of a checkpoint.", "CONFIG_UNREADABLE")
    return parse_config(files.read("config.json", LARGEST_CONFIG, "CONFIG_UNREADABLE"))


def _check_vocabulary(tokenizer: TokenizerSpec, config: BertConfig) -> None:
    if tokenizer.size > config.vocabulary:
        sentence = (
            f"The tokenizer has ids up to {tokenizer.size - 1}, but vocab_size in config.json is {config.vocabulary}; "
            "the files belong to different models."
        )
        raise CheckpointError(sentence, "VOCAB_MISMATCH")
