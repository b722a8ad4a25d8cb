"""Which tensors a BERT has: our parameter names, the names Hugging Face gave them over the years, and their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from attnviz.errors import CheckpointError, printable
from attnviz.models.config import BertConfig

PREFIX = "bert."
SHOWN_NAMES = 5
SHOWN_LETTERS = 34
_BUFFERS = re.compile(r"(bert\.)?embeddings\.(position_ids|token_type_ids)")


class Part(StrEnum):
    """What a tensor belongs to; every part but the encoder may be absent as a whole."""

    ENCODER = "encoder"
    POOLER = "pooler"
    MLM = "mlm"
    NSP = "nsp"


@dataclass(frozen=True, slots=True)
class Entry:
    """One parameter: our name, the names it may have in a file (first found wins), its shape and part."""

    name: str
    sources: tuple[str, ...]
    shape: tuple[int, ...]
    part: Part
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a file's tensors cover a layout: ours -> name in the file; ``missing`` names only parts that are absent."""

    sources: Mapping[str, str]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    parts: frozenset[Part]


def bert_layout(config: BertConfig) -> tuple[Entry, ...]:
    """Every parameter of BERT with pre-training heads, in the order of computation."""
    return (*_embeddings(config), *_layers(config), *_pooler(config), *_mlm(config), *_nsp(config))


def agree(layout: tuple[Entry, ...], found: Mapping[str, tuple[int, ...]]) -> Agreement:
    """Match a layout with the tensors ``found`` in a file; raises KEYS_MISMATCH or SHAPE_MISMATCH."""
    prefixed = any(name.startswith(PREFIX) for name in found)
    sources = {entry.name: name for entry in layout for name in _possible(entry, prefixed)[::-1] if name in found}
    parts = frozenset(entry.part for entry in layout if entry.name in sources) | {Part.ENCODER}
    heads = {name for entry in layout if entry.part in (Part.MLM, Part.NSP) for name in entry.sources}
    used = {*sources.values(), *heads}  # a bias stored under both of its names is no surprise
    unexpected = tuple(sorted(name for name in found if name not in used and not _BUFFERS.fullmatch(name)))
    absent = [entry for entry in layout if entry.name not in sources and not entry.optional]
    broken = [entry.sources[0] for entry in absent if entry.part in parts]
    if broken:
        raise _keys_mismatch(broken, len(unexpected))
    for entry in layout:
        if entry.name in sources and tuple(found[sources[entry.name]]) != entry.shape:
            raise _shape_mismatch(sources[entry.name], tuple(found[sources[entry.name]]), entry.shape)
    return Agreement(sources, tuple(entry.sources[0] for entry in absent), unexpected, parts)


def _possible(entry: Entry, prefixed: bool) -> tuple[str, ...]:
    """The names an entry may have: with or without prefix as the whole file, so that no two models are mixed."""
    if entry.part in (Part.MLM, Part.NSP):
        return entry.sources
    return tuple(name for name in entry.sources if name.startswith(PREFIX) == prefixed)


def _embeddings(config: BertConfig) -> Iterator[Entry]:
    tables = (("word", config.vocabulary), ("position", config.positions), ("segment", config.segments))
    for name, rows in tables:
        theirs = "token_type" if name == "segment" else name
        yield _encoder(f"embeddings.{name}.weight", f"embeddings.{theirs}_embeddings.weight", rows, config.hidden)
    yield from _norm("embeddings.norm", "embeddings.LayerNorm", config.hidden)


def _layers(config: BertConfig) -> Iterator[Entry]:
    hidden, inner = config.hidden, config.intermediate
    for index in range(config.layers):
        ours, theirs = f"layers.{index}", f"encoder.layer.{index}"
        for name in ("query", "key", "value"):
            yield from _linear(f"{ours}.attention.{name}", f"{theirs}.attention.self.{name}", hidden, hidden)
        yield from _linear(f"{ours}.attention.output", f"{theirs}.attention.output.dense", hidden, hidden)
        yield from _norm(f"{ours}.attention_norm", f"{theirs}.attention.output.LayerNorm", hidden)
        yield from _linear(f"{ours}.feed_forward.inner", f"{theirs}.intermediate.dense", inner, hidden)
        yield from _linear(f"{ours}.feed_forward.outer", f"{theirs}.output.dense", hidden, inner)
        yield from _norm(f"{ours}.output_norm", f"{theirs}.output.LayerNorm", hidden)


def _pooler(config: BertConfig) -> Iterator[Entry]:
    for name, shape in (("weight", (config.hidden, config.hidden)), ("bias", (config.hidden,))):
        theirs = f"pooler.dense.{name}"
        yield Entry(theirs, (f"bert.{theirs}", theirs), shape, Part.POOLER)


def _mlm(config: BertConfig) -> Iterator[Entry]:
    hidden, words = config.hidden, config.vocabulary
    head = "cls.predictions"
    yield Entry("mlm.dense.weight", (f"{head}.transform.dense.weight",), (hidden, hidden), Part.MLM)
    yield Entry("mlm.dense.bias", (f"{head}.transform.dense.bias",), (hidden,), Part.MLM)
    for name, old in (("weight", "gamma"), ("bias", "beta")):
        norm = f"{head}.transform.LayerNorm"
        yield Entry(f"mlm.norm.{name}", (f"{norm}.{name}", f"{norm}.{old}"), (hidden,), Part.MLM)
    yield Entry("mlm.bias", (f"{head}.bias", f"{head}.decoder.bias"), (words,), Part.MLM)
    yield Entry("mlm.decoder.weight", (f"{head}.decoder.weight",), (words, hidden), Part.MLM, optional=config.tied)


def _nsp(config: BertConfig) -> Iterator[Entry]:
    yield Entry("nsp.classifier.weight", ("cls.seq_relationship.weight",), (2, config.hidden), Part.NSP)
    yield Entry("nsp.classifier.bias", ("cls.seq_relationship.bias",), (2,), Part.NSP)


def _linear(ours: str, theirs: str, rows: int, columns: int) -> Iterator[Entry]:
    yield _encoder(f"{ours}.weight", f"{theirs}.weight", rows, columns)
    yield _encoder(f"{ours}.bias", f"{theirs}.bias", rows)


def _norm(ours: str, theirs: str, width: int) -> Iterator[Entry]:
    for name, old in (("weight", "gamma"), ("bias", "beta")):
        sources = tuple(f"{prefix}{theirs}.{word}" for prefix in ("bert.", "") for word in (name, old))
        yield Entry(f"{ours}.{name}", sources, (width,), Part.ENCODER)


def _encoder(ours: str, theirs: str, *shape: int) -> Entry:
    return Entry(ours, (f"bert.{theirs}", theirs), shape, Part.ENCODER)


def _keys_mismatch(missing: list[str], unexpected: int) -> CheckpointError:
    names = ", ".join(_shortened(name) for name in missing[:SHOWN_NAMES])
    return CheckpointError(
        f"The weights don't fit config.json: {len(missing)} missing, {unexpected} unexpected tensors. "
        f"Missing: {names}{', …' if len(missing) > SHOWN_NAMES else '.'}",
        "KEYS_MISMATCH",
    )


def _shape_mismatch(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> CheckpointError:
    return CheckpointError(
        f"Tensor {printable(name)} has shape {list(found)} in the weights, but config.json asks for {list(expected)}; "
        "the two files belong to different models.",
        "SHAPE_MISMATCH",
    )


def _shortened(name: str) -> str:
    """``name`` without its middle, so that five of them fit into one sentence."""
    short = name.removeprefix("bert.")
    if len(short) <= SHOWN_LETTERS:
        return short
    half = (SHOWN_LETTERS - 1) // 2
    return f"{short[:half]}…{short[-half:]}"
