"""Rows R: what can be wrong with the folder of a RoBERTa, a DistilBERT, an ELECTRA or an ALBERT."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests import family
from tests.badinputs import valid
from tests.badinputs.case import Case

WEIGHTS = "model.safetensors"
RANGE, UNSUPPORTED, KEYS, SHAPE = "CONFIG_RANGE", "CONFIG_UNSUPPORTED", "KEYS_MISMATCH", "SHAPE_MISMATCH"
Build = Callable[[Path], None]


def starts(architecture: str, **settings: Any) -> Callable[[Path], Path]:
    """Writes a valid folder of that class first."""

    def start(folder: Path) -> Path:
        family.write(folder, architecture, **settings)
        return folder

    return start


def keys(**changes: Any) -> Build:
    """The configuration with some keys changed; the value ... leaves a key out."""

    def build(folder: Path) -> None:
        found = {**json.loads((folder / "config.json").read_text(encoding="utf-8")), **changes}
        valid.write_json(folder / "config.json", {key: value for key, value in found.items() if value is not ...})

    return build


def weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Build:
    def build(folder: Path) -> None:
        save_file(change(load_file(folder / WEIGHTS)), folder / WEIGHTS)

    return build


def without(part: str) -> Build:
    return weights(lambda found: {name: tensor for name, tensor in found.items() if part not in name})


def renamed(old: str, new: str) -> Build:
    return weights(lambda found: {name.replace(old, new): tensor for name, tensor in found.items()})


Roberta = partial(Case, start=starts("RobertaForMaskedLM"))
Distil = partial(Case, start=starts("DistilBertForMaskedLM"))
Generator = partial(Case, start=starts("ElectraForMaskedLM", embedding_size=8))
Discriminator = partial(Case, start=starts("ElectraForPreTraining", embedding_size=8))
Albert = partial(Case, start=starts("AlbertForMaskedLM", embedding_size=8))

CASES = (
    Roberta("R01-roberta-called-bert", keys(model_type="bert"), KEYS, ("missing",)),
    Roberta("R02-padding-leaves-no-position", keys(pad_token_id=65), RANGE, ("max_position_embeddings",)),
    Roberta("R03-one-layer-missing", without(".layer.1."), KEYS, ("16 missing", "encoder.layer.1")),
    Roberta("R04-relative-positions", keys(position_embedding_type="relative_key"), UNSUPPORTED, ("position_emb",)),
    Roberta("R05-bare-encoder", without("lm_head"), None),
    Distil("R06-width-is-no-multiple", keys(n_heads=3), RANGE, ("num_attention_heads", "16")),
    Distil("R07-width-as-text", keys(dim="16"), RANGE, ("dim",)),
    Distil("R08-layers-assumed", keys(n_layers=...), KEYS, ("missing",)),
    Distil("R09-unknown-activation", keys(activation="rational"), RANGE, ("rational",)),
    Generator("R10-embedding-of-nothing", keys(embedding_size=0), RANGE, ("embedding_size",)),
    Generator("R11-embedding-of-another-width", keys(embedding_size=12), SHAPE, ("different models",)),
    Generator("R12-projection-missing", without("embeddings_project"), KEYS, ("embeddings_project",)),
    Discriminator("R13-half-a-head", without("dense_prediction"), KEYS, ("2 missing",)),
    Discriminator("R14-head-under-another-name", renamed("discriminator_predictions", "classifier"), None),
    Discriminator("R15-decoder", keys(is_decoder=True), UNSUPPORTED, ("is_decoder",)),
    Albert("R16-inner-groups", keys(inner_group_num=2), UNSUPPORTED, ("inner_group_num",)),
    Albert("R17-groups-don-t-divide", keys(num_hidden_groups=2, num_hidden_layers=3), RANGE, ("num_hidden_groups",)),
    Albert("R18-group-missing", keys(num_hidden_groups=2), KEYS, ("missing",)),
    Albert("R19-endless-embedding", keys(embedding_size=10**9), RANGE, ("embedding_size",)),
)
