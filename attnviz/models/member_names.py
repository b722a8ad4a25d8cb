"""One table a member of BERT's family: what Hugging Face calls the modules that we name once for all.

``#`` stands for a layer's number, in ALBERT for that of the group that the layer shares its parameters with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Member:
    """``encoder`` names stand after ``prefix``, or without it in a file that holds the bare encoder; ``heads`` as they are.

    ``mlm_bias`` are the names that the masked-word head's bias over the vocabulary may have.
    """

    prefix: str
    encoder: Names
    heads: Names
    mlm_bias: tuple[str, ...] = ()


def _attention(layer: str) -> dict[str, str]:
    """The names that BERT, RoBERTa and ELECTRA give to what is in a layer."""
    return {
        "layers.#.attention.query": f"{layer}.attention.self.query",
        "layers.#.attention.key": f"{layer}.attention.self.key",
        "layers.#.attention.value": f"{layer}.attention.self.value",
        "layers.#.attention.output": f"{layer}.attention.output.dense",
        "layers.#.attention_norm": f"{layer}.attention.output.LayerNorm",
        "layers.#.feed_forward.inner": f"{layer}.intermediate.dense",
        "layers.#.feed_forward.outer": f"{layer}.output.dense",
        "layers.#.output_norm": f"{layer}.output.LayerNorm",
    }


_EMBEDDINGS = {
    "embeddings.word": "embeddings.word_embeddings",
    "embeddings.position": "embeddings.position_embeddings",
    "embeddings.segment": "embeddings.token_type_embeddings",
    "embeddings.norm": "embeddings.LayerNorm",
}

BERT = Member(
    "bert.",
    {**_EMBEDDINGS, **_attention("encoder.layer.#"), "pooler.dense": "pooler.dense"},
    {
        "mlm.dense": "cls.predictions.transform.dense",
        "mlm.norm": "cls.predictions.transform.LayerNorm",
        "mlm.decoder": "cls.predictions.decoder",
        "nsp.classifier": "cls.seq_relationship",
    },
    ("cls.predictions.bias", "cls.predictions.decoder.bias"),
)

ROBERTA = Member(
    "roberta.",
    {**_EMBEDDINGS, **_attention("encoder.layer.#"), "pooler.dense": "pooler.dense"},
    {"mlm.dense": "lm_head.dense", "mlm.norm": "lm_head.layer_norm", "mlm.decoder": "lm_head.decoder"},
    ("lm_head.bias", "lm_head.decoder.bias"),
)

DISTILBERT = Member(
    "distilbert.",
    {
        "embeddings.word": "embeddings.word_embeddings",
        "embeddings.position": "embeddings.position_embeddings",
        "embeddings.norm": "embeddings.LayerNorm",
        "layers.#.attention.query": "transformer.layer.#.attention.q_lin",
        "layers.#.attention.key": "transformer.layer.#.attention.k_lin",
        "layers.#.attention.value": "transformer.layer.#.attention.v_lin",
        "layers.#.attention.output": "transformer.layer.#.attention.out_lin",
        "layers.#.attention_norm": "transformer.layer.#.sa_layer_norm",
        "layers.#.feed_forward.inner": "transformer.layer.#.ffn.lin1",
        "layers.#.feed_forward.outer": "transformer.layer.#.ffn.lin2",
        "layers.#.output_norm": "transformer.layer.#.output_layer_norm",
    },
    {"mlm.dense": "vocab_transform", "mlm.norm": "vocab_layer_norm", "mlm.decoder": "vocab_projector"},
    ("vocab_projector.bias",),
)

ELECTRA = Member(
    "electra.",
    {**_EMBEDDINGS, "embeddings.project": "embeddings_project", **_attention("encoder.layer.#")},
    {
        "mlm.dense": "generator_predictions.dense",
        "mlm.norm": "generator_predictions.LayerNorm",
        "mlm.decoder": "generator_lm_head",
        "rtd.dense": "discriminator_predictions.dense",
        "rtd.classifier": "discriminator_predictions.dense_prediction",
    },
    ("generator_lm_head.bias",),
)

_SHARED = "encoder.albert_layer_groups.#.albert_layers.0"
ALBERT = Member(
    "albert.",
    {
        **_EMBEDDINGS,
        "embeddings.project": "encoder.embedding_hidden_mapping_in",
        "layers.#.attention.query": f"{_SHARED}.attention.query",
        "layers.#.attention.key": f"{_SHARED}.attention.key",
        "layers.#.attention.value": f"{_SHARED}.attention.value",
        "layers.#.attention.output": f"{_SHARED}.attention.dense",
        "layers.#.attention_norm": f"{_SHARED}.attention.LayerNorm",
        "layers.#.feed_forward.inner": f"{_SHARED}.ffn",
        "layers.#.feed_forward.outer": f"{_SHARED}.ffn_output",
        "layers.#.output_norm": f"{_SHARED}.full_layer_layer_norm",
        "pooler.dense": "pooler",
    },
    {
        "mlm.dense": "predictions.dense",
        "mlm.norm": "predictions.LayerNorm",
        "mlm.decoder": "predictions.decoder",
        "nsp.classifier": "sop_classifier.classifier",
    },
    ("predictions.bias", "predictions.decoder.bias"),
)

MEMBERS: Mapping[str, Member] = MappingProxyType(
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
"""By ``model_type``; XLM-RoBERTa and CamemBERT are RoBERTa with other vocabularies."""
