"""Which tensors a member of BERT's family has: our parameter names with their shapes, and the names they may have in a file."""

from __future__ import annotations

from collections.abc import Iterator

from attnviz.models.config import BertConfig
from attnviz.models.layout import Entry, Part
from attnviz.models.member_names import MEMBERS, Member

_OLD = {"weight": "gamma", "bias": "beta"}  # of a norm, in the first checkpoints
_HEADS = {"mlm": Part.MLM, "nsp": Part.NSP, "rtd": Part.RTD}


def bert_layout(config: BertConfig) -> tuple[Entry, ...]:
    """Every parameter that the member may have, heads included, in the order of computation."""
    member = MEMBERS[config.kind]
    found: list[Entry] = []
    for module, parameters in _modules(config):
        theirs = _named(module, config, member)
        if theirs is not None:
            found += (_entry(module, theirs, name, shape, config, member) for name, shape in parameters.items())
    if member.mlm_bias:
        place = next(number for number, entry in enumerate(found) if entry.name == "mlm.decoder.weight")
        found.insert(place, Entry("mlm.bias", member.mlm_bias, (config.vocabulary,), Part.MLM))
    return tuple(found)


def _entry(module: str, theirs: str, name: str, shape: tuple[int, ...], config: BertConfig, member: Member) -> Entry:
    words = (name, _OLD[name]) if "norm" in module else (name,)
    head = _HEADS.get(module.partition(".")[0])
    if head is not None:
        optional = module == "mlm.decoder" and config.tied
        return Entry(f"{module}.{name}", tuple(f"{theirs}.{word}" for word in words), shape, head, optional)
    part = Part.POOLER if module.startswith("pooler") else Part.ENCODER
    sources = tuple(f"{prefix}{theirs}.{word}" for prefix in (member.prefix, "") for word in words)
    return Entry(f"{module}.{name}", sources, shape, part, prefix=member.prefix)


def _named(module: str, config: BertConfig, member: Member) -> str | None:
    """What the file calls a module, None where the member has no such thing."""
    general, number = module, ""
    if module.startswith("layers."):
        _, number, rest = module.split(".", 2)
        general = f"layers.#.{rest}"
        if config.groups is not None:
            number = str(int(number) * config.groups // config.layers)
    theirs = member.encoder.get(general) or member.heads.get(general)
    return None if theirs is None else theirs.replace("#", number)


def _modules(config: BertConfig) -> Iterator[tuple[str, dict[str, tuple[int, ...]]]]:
    """Every module that a member may have, with its parameters' shapes."""
    hidden, width, inner, words = config.hidden, config.word_width, config.intermediate, config.vocabulary
    yield "embeddings.word", {"weight": (words, width)}
    yield "embeddings.position", {"weight": (config.positions, width)}
    if config.segments:
        yield "embeddings.segment", {"weight": (config.segments, width)}
    yield "embeddings.norm", _norm(width)
    if config.projects:
        yield "embeddings.project", _linear(hidden, width)
    for layer in range(config.layers):
        for name in ("query", "key", "value", "output"):
            yield f"layers.{layer}.attention.{name}", _linear(hidden, hidden)
        yield f"layers.{layer}.attention_norm", _norm(hidden)
        yield f"layers.{layer}.feed_forward.inner", _linear(inner, hidden)
        yield f"layers.{layer}.feed_forward.outer", _linear(hidden, inner)
        yield f"layers.{layer}.output_norm", _norm(hidden)
    yield "pooler.dense", _linear(hidden, hidden)
    yield "mlm.dense", _linear(width, hidden)
    yield "mlm.norm", _norm(width)
    yield "mlm.decoder", {"weight": (words, width)}
    yield "nsp.classifier", _linear(2, hidden)
    yield "rtd.dense", _linear(hidden, hidden)
    yield "rtd.classifier", _linear(1, hidden)


def _linear(rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {"weight": (rows, columns), "bias": (rows,)}


def _norm(width: int) -> dict[str, tuple[int, ...]]:
    return {"weight": (width,), "bias": (width,)}
