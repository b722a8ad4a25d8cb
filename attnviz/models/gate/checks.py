"""The checks of a folder, in their order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from attnviz.errors import CheckpointError
from attnviz.models.families import Config, Family, parse_config
from attnviz.models.gate.memory import check_budget
from attnviz.models.gate.paths import Folder
from attnviz.models.gate.verdict import Verdict
from attnviz.models.gate.weights import check_types, read_tensors
from attnviz.models.layout import agree
from attnviz.models.seq2seq_config import Seq2seqConfig
from attnviz.models.transformer_config import TransformerConfig
from attnviz.text.plain_file import read_bytes
from attnviz.text.tokenizer_file import LARGEST_FILE, TokenizerSpec, read_tokenizer, read_tokenizers, sanitise

LARGEST_CONFIG = 2**20


def examine(folder: Path, *, allow_pickle: bool = False, memory: int | None = None) -> Verdict:
    """Check a folder in this process; raises CheckpointError naming the file, the reason and the way out.

    ``memory`` is the most bytes the weights may take as float32; None means half of what is free.
    """
    files = Folder(folder)
    family, config, notes = _config(files)
    form, tensors = read_tensors(files, allow_pickle=allow_pickle)
    agreement = agree(family.layout(config), {name: info.shape for name, info in tensors.items()})
    dtype = check_types(tensors, agreement.sources.values())
    size = check_budget(tensors, memory)
    tokenizer, target = read_tokenizers(files) if family.translates else (read_tokenizer(files), None)
    for spec, rows, key in _vocabularies(config, tokenizer, target):
        _check_vocabulary(spec, rows, key)
        notes = (*notes, *spec.notes)
    return Verdict(
        folder=str(files.path),
        family=family.model_type,
        config=config,
        agreement=agreement,
        format=form,
        tensors=tensors,
        files=files.identities,
        tokenizer=tokenizer,
        dtype=dtype,
        bytes=size,
        notes=notes,
        target=target,
    )


def examine_tokenizer(path: Path) -> TokenizerSpec:
    """Check the tokenizer of a folder, or a tokenizer.json that stands alone, in this process. Raises CheckpointError or TextError."""
    if os.path.isdir(path):  # noqa: PTH112 - Path raises where isdir only denies
        return read_tokenizer(Folder(path))
    return sanitise(read_bytes(str(path), LARGEST_FILE, wanted="tokenizer.json"), name=path.name)


def _config(files: Folder) -> tuple[Family, Config, tuple[str, ...]]:
    if "config.json" not in files:
        raise CheckpointError("The folder has no config.json; pick the folder of a checkpoint.", "CONFIG_UNREADABLE")
    return parse_config(files.read("config.json", LARGEST_CONFIG, "CONFIG_UNREADABLE"))


def _vocabularies(
    config: Config, tokenizer: TokenizerSpec, target: TokenizerSpec | None
) -> Iterator[tuple[TokenizerSpec, int, str]]:
    """Each tokenizer with the number of embeddings that it may use, and the key that says so."""
    if isinstance(config, Seq2seqConfig | TransformerConfig) and target is not None:
        yield tokenizer, config.source_vocabulary, "source_vocabulary"
        yield target, config.target_vocabulary, "target_vocabulary"
    else:
        yield tokenizer, config.vocabulary, "vocab_size"


def _check_vocabulary(tokenizer: TokenizerSpec, rows: int, key: str) -> None:
    if tokenizer.size > rows:
        sentence = (
            f"The tokenizer has ids up to {tokenizer.size - 1}, but {key} in config.json is {rows}; "
            "the files belong to different models."
        )
        raise CheckpointError(sentence, "VOCAB_MISMATCH")
