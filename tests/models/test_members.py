"""Every member of BERT's family against `transformers`: read from a config.json and named tensors, the same numbers to 1e-4."""

from __future__ import annotations

import json

import pytest
import torch
import transformers

from attnviz.errors import CheckpointError
from attnviz.models.bert import Bert
from attnviz.models.families import parse_config
from attnviz.models.layout import Part, agree
from attnviz.trace import Hidden, Positions, Site

SIZES = {"vocab_size": 71, "max_position_embeddings": 40, "pad_token_id": 1}
USUAL = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 50}
DISTILLED = {"dim": 24, "n_layers": 3, "n_heads": 4, "hidden_dim": 50}
# the class in transformers, its settings, the head that is compared
CASES = {
    "roberta": ("RobertaForMaskedLM", {**USUAL, "type_vocab_size": 1, "layer_norm_eps": 1e-5}, "mlm"),
    "xlm-roberta": ("XLMRobertaForMaskedLM", {**USUAL, "type_vocab_size": 1}, "mlm"),
    "camembert": ("CamembertForMaskedLM", {**USUAL, "type_vocab_size": 1}, "mlm"),
    "distilbert": ("DistilBertForMaskedLM", DISTILLED, "mlm"),
    "distilbert, relu": ("DistilBertForMaskedLM", {**DISTILLED, "activation": "relu"}, "mlm"),
    "generator": ("ElectraForMaskedLM", {**USUAL, "embedding_size": 12, "hidden_act": "relu"}, "mlm"),
    "discriminator": ("ElectraForPreTraining", {**USUAL, "embedding_size": 12}, "rtd"),
    "discriminator of equal widths": ("ElectraForPreTraining", {**USUAL, "embedding_size": 24}, "rtd"),
    "albert": ("AlbertForPreTraining", {**USUAL, "embedding_size": 12}, "mlm"),
    "albert of two groups": ("AlbertForMaskedLM", {**USUAL, "num_hidden_layers": 4, "num_hidden_groups": 2}, "mlm"),
    "albert of equal widths": ("AlbertForMaskedLM", {**USUAL, "embedding_size": 24}, "mlm"),
    "bert": ("BertForPreTraining", USUAL, "mlm"),
}


def both(kind: str, prefix: bool = True) -> tuple[Bert, torch.nn.Module, frozenset[Part]]:
    """Our model and theirs with the same random weights; ours goes by config.json and tensor names only."""
    name, settings, _ = CASES[kind]
    torch.manual_seed(len(kind))
    made = getattr(transformers, name)
    theirs = made(made.config_class(**SIZES, **settings)).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(0, 0.3)
    weights = theirs.state_dict() if prefix else theirs.base_model.state_dict()
    family, config, _ = parse_config(json.dumps(theirs.config.to_dict()).encode())
    found = agree(family.layout(config), {name: tuple(tensor.shape) for name, tensor in weights.items()})
    ours = Bert(
        config,
        pooler=Part.POOLER in found.parts,
        mlm=Part.MLM in found.parts,
        nsp=Part.NSP in found.parts and Part.POOLER in found.parts,
        rtd=Part.RTD in found.parts,
        own_decoder="mlm.decoder.weight" in found.sources,
    ).eval()
    ours.load_state_dict({name: weights[source] for name, source in found.sources.items()})
    assert not found.unexpected
    return ours, theirs, found.parts


@pytest.mark.parametrize("kind", CASES)
def test_states_and_heads_equal_transformers(kind) -> None:
    """Hidden states of every layer and the head's logits agree, with padding in the text too."""
    ours, theirs, _ = both(kind)
    ids = torch.randint(2, 71, (1, 11))
    ids[0, 4] = 1  # a padding token that was typed: RoBERTa doesn't count it
    with torch.inference_mode():
        expected = theirs(ids, output_hidden_states=True)
        states = ours(ids)
        records = list(ours.trace(ids, torch.zeros_like(ids), streams=True))
        logits = ours.replaced_logits(states) if CASES[kind][2] == "rtd" else ours.word_logits(states)
    hidden = [record for record in records if isinstance(record, Hidden)]
    for record, their_states in zip(hidden, expected.hidden_states, strict=True):
        torch.testing.assert_close(torch.tensor(record.states), their_states[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(states, expected.hidden_states[-1], atol=1e-4, rtol=0)
    found = next(expected[key] for key in ("prediction_logits", "logits") if key in expected)
    torch.testing.assert_close(logits, found, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["albert", "bert"])
def test_pair_heads_equal_transformers(kind) -> None:
    """BERT's next-sentence head and ALBERT's order head: two logits over a pair with segments."""
    ours, theirs, _ = both(kind)
    ids, segments = torch.randint(2, 71, (2, 9)), torch.tensor([[0] * 5 + [1] * 4] * 2)
    with torch.inference_mode():
        expected = theirs(ids, token_type_ids=segments)
        logits = ours.pair_logits(ours(ids, segments))
    key = "sop_logits" if kind == "albert" else "seq_relationship_logits"
    torch.testing.assert_close(logits, expected[key], atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", ["roberta", "distilbert", "discriminator", "albert"])
def test_a_bare_encoder_opens_without_heads(kind) -> None:
    """The names without prefix are found too, and the heads are said to be missing."""
    _, _, parts = both(kind, prefix=False)
    assert parts <= {Part.ENCODER, Part.POOLER}


def test_the_parts_of_the_first_vector_are_those_the_member_has() -> None:
    """DistilBERT has no segments; RoBERTa's first position is the table's third row where padding is 1."""
    ours, _, _ = both("distilbert")
    ids = torch.tensor([[5, 6, 7]])
    positions = next(record for record in ours.trace(ids, ids * 0, streams=True) if isinstance(record, Positions))
    assert set(positions.parts) == {"word", "position"}
    assert positions.site is Site.ENCODER
    roberta, _, _ = both("roberta")
    assert roberta.embeddings.places(ids).tolist() == [[2, 3, 4]]
    assert roberta.config.longest == 38


def test_albert_shares_one_set_of_parameters() -> None:
    """All layers read the same tensors of the file."""
    _, config, _ = parse_config(json.dumps({"model_type": "albert", **SIZES, **USUAL}).encode())
    family, _, _ = parse_config(b'{"model_type": "albert"}')
    names = {entry.sources[0] for entry in family.layout(config) if "attention.query.weight" in entry.name}
    assert len(names) == 1


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"model_type": "distilbert", "dim": 0}, "dim"),
        ({"model_type": "roberta", "max_position_embeddings": 2}, "max_position_embeddings"),
        ({"model_type": "albert", "inner_group_num": 2}, "inner_group_num"),
        ({"model_type": "albert", "num_hidden_groups": 5}, "num_hidden_groups"),
        ({"model_type": "electra", "embedding_size": -3}, "embedding_size"),
        ({"model_type": "bert", "type_vocab_size": 0}, "type_vocab_size"),
        ({"model_type": "roberta", "position_embedding_type": "relative_key"}, "position_embedding_type"),
    ],
)
def test_values_no_member_can_have_are_refused_by_their_own_names(change, key) -> None:
    """The refusal names the key of that member's config.json."""
    with pytest.raises(CheckpointError, match=key):
        parse_config(json.dumps(change).encode())
