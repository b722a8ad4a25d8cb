"""BERT's family: where each member writes its sizes in config.json, and what it fixes."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from attnviz.models.config import Keys, parse_encoder

_SIZES = {
    "vocabulary": ("vocab_size", 30522),
    "hidden": ("hidden_size", 768),
    "layers": ("num_hidden_layers", 12),
    "heads": ("num_attention_heads", 12),
    "intermediate": ("intermediate_size", 3072),
    "positions": ("max_position_embeddings", 512),
    "segments": ("type_vocab_size", 2),
    "padding": ("pad_token_id", 0),
}

BERT = Keys(_SIZES)

ROBERTA = Keys(
    {**_SIZES, "vocabulary": ("vocab_size", 50265), "padding": ("pad_token_id", 1)},
    fixed={"head_activation": "gelu"},
    positions_after_padding=True,
)
"""Liu et al. 2019: the encoder is BERT's; positions are counted from the padding's id on."""

DISTILBERT = Keys(
    {
        "vocabulary": ("vocab_size", 30522),
        "hidden": ("dim", 768),
        "layers": ("n_layers", 6),
        "heads": ("n_heads", 12),
        "intermediate": ("hidden_dim", 3072),
        "positions": ("max_position_embeddings", 512),
        "padding": ("pad_token_id", 0),
    },
    activation=("activation", "gelu"),
    fixed={"segments": 0},
    epsilon_key=None,
)
"""Sanh et al. 2019: every other layer of BERT, without segments and pooler."""

ELECTRA = Keys(
    {
        **_SIZES,
        "embedding": ("embedding_size", 128),
        "hidden": ("hidden_size", 256),
        "heads": ("num_attention_heads", 4),
        "intermediate": ("intermediate_size", 1024),
    },
    fixed={"head_activation": "gelu"},
)
"""Clark et al. 2020: a generator has the masked-word head, a discriminator says of every word whether it was replaced."""

ALBERT = Keys(
    {
        **_SIZES,
        "vocabulary": ("vocab_size", 30000),
        "embedding": ("embedding_size", 128),
        "hidden": ("hidden_size", 4096),
        "heads": ("num_attention_heads", 64),
        "intermediate": ("intermediate_size", 16384),
        "groups": ("num_hidden_groups", 1),
    },
    activation=("hidden_act", "gelu_new"),
)
"""Lan et al. 2020: layers share their parameters; its pair head judges the order of two sentences."""

KEYS = MappingProxyType(
    {
        "bert": BERT,
        "roberta": ROBERTA,
        "xlm-roberta": ROBERTA,
        "camembert": ROBERTA,
        "distilbert": DISTILBERT,
        "electra": ELECTRA,
        "albert": ALBERT,
    }
)
"""By ``model_type``."""

PARSE = MappingProxyType({kind: partial(parse_encoder, keys=keys, kind=kind) for kind, keys in KEYS.items()})
"""By ``model_type``: reads the object in a config.json into a BertConfig, with remarks to show."""
