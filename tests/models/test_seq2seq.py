"""The recurrent encoder–decoder against torch's GRU cell driven by hand and numpy: every equation on its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.errors import CheckpointError
from attnviz.models.seq2seq import Change, Seq2seq
from attnviz.models.seq2seq_config import ATTENTIONS, Seq2seqConfig, parse_seq2seq, seq2seq_layout
from tests.translators import config_json, tiny_config, tiny_model

SOURCE = torch.tensor([[7, 4, 9, 20, 5]])
PREVIOUS = torch.tensor([[1, 5, 4, 6]])


def cell_of(gru: nn.GRU, suffix: str = "") -> nn.GRUCell:
    """Torch's own cell with the weights of one direction."""
    cell = nn.GRUCell(gru.input_size, gru.hidden_size)
    names = {name: f"{name}_l0{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    cell.load_state_dict({ours: getattr(gru, theirs) for ours, theirs in names.items()})
    return cell.requires_grad_(requires_grad=False)


def states_by_hand(model: Seq2seq) -> torch.Tensor:
    """Forwards and backwards, one token at a time, (source, encoder_width)."""
    gru = model.encoder.recurrence
    embedded = model.encoder.embedding.weight[SOURCE[0]]
    both = []
    for suffix, order in (("", range(5)), ("_reverse", range(4, -1, -1))):
        cell, state = cell_of(gru, suffix), torch.zeros(1, gru.hidden_size)
        found = {}
        for place in order:
            state = cell(embedded[place][None], state)
            found[place] = state[0]
        both.append(torch.stack([found[place] for place in range(5)]))
    return torch.cat(both, -1).detach()


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_every_intermediate_is_that_of_the_equations(attention: str) -> None:
    """Encoder, bridge, decoder cell, scores, softmax, context, attentional vector and logits, each computed anew."""
    model = tiny_model(attention)
    encoded = model.encode(SOURCE)
    steps = model.steps(PREVIOUS, encoded.fixed, encoded)
    states = states_by_hand(model)
    torch.testing.assert_close(encoded.states[0], states, atol=1e-5, rtol=1e-5)
    half = states.shape[1] // 2
    ends = torch.cat([states[-1, :half], states[0, half:]])
    state = torch.tanh(model.encoder.bridge.weight @ ends + model.encoder.bridge.bias)
    torch.testing.assert_close(encoded.fixed[0], state, atol=1e-5, rtol=1e-5)
    cell = cell_of(model.recurrence)
    for step, word in enumerate(PREVIOUS[0].tolist()):
        state = cell(model.embedding.weight[word][None], state[None])[0].detach()
        torch.testing.assert_close(steps.hidden[0, step], state, atol=1e-5, rtol=1e-5)
        read = state.numpy()
        if attention != "none":
            scores = np.array([score_by_hand(model, state.numpy(), row.numpy()) for row in states])
            np.testing.assert_allclose(steps.scores[0, step].numpy(), scores, atol=1e-5)
            weights = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
            np.testing.assert_allclose(steps.weights[0, step].numpy(), weights, atol=1e-5)
            context = sum(weight * row.numpy() for weight, row in zip(weights, states, strict=True))
            np.testing.assert_allclose(steps.context[0, step].numpy(), context, atol=1e-5)
            read = np.concatenate([read, context])
        attentional = np.tanh(model.combine.weight.numpy() @ read)
        np.testing.assert_allclose(steps.attentional[0, step].numpy(), attentional, atol=1e-5)
        logits = model.embedding.weight.numpy() @ attentional + model.output_bias.numpy()
        np.testing.assert_allclose(steps.logits[0, step].numpy(), logits, atol=1e-5)


def score_by_hand(model: Seq2seq, hidden: np.ndarray, state: np.ndarray) -> float:
    """Luong's equation 8 and Bahdanau's appendix A.1.2, for one pair."""
    match model.config.attention:
        case "dot":
            return float(hidden @ state)
        case "general":
            return float(hidden @ (model.attention.weight.weight.numpy() @ state))
        case _:
            inside = np.tanh(model.attention.query.weight.numpy() @ hidden + model.attention.key.weight.numpy() @ state)
            return float(model.attention.value.weight.numpy()[0] @ inside)


def test_the_gates_give_the_state_that_the_gru_gives() -> None:
    """H = (1 - z) n + z h_before, with r, z and n as recorded."""
    model = tiny_model("dot")
    encoded = model.encode(SOURCE)
    steps = model.steps(PREVIOUS, encoded.fixed, encoded)
    before = torch.cat([encoded.fixed, steps.hidden[0, :-1]])
    reset, update, candidate = model.gates(steps.embedded[0], before)
    torch.testing.assert_close((1 - update) * candidate + update * before, steps.hidden[0], atol=1e-6, rtol=1e-5)
    assert float(reset.min()) > 0 and float(reset.max()) < 1  # noqa: PT018 - one range


@pytest.mark.parametrize("attention", ["general", "additive"])
def test_encoder_and_decoder_may_differ_in_width(attention: str) -> None:
    """W and U bring the two together; dot can't."""
    model = tiny_model(attention, encoder_width=8, decoder_width=12)
    encoded = model.encode(SOURCE)
    assert model.steps(PREVIOUS, encoded.fixed, encoded).context.shape == (1, 4, 8)
    with pytest.raises(CheckpointError, match="dot attention multiplies"):
        tiny_config("dot", encoder_width=8, decoder_width=12)


def test_a_change_replaces_weights_or_context_and_nothing_before_them() -> None:
    """Hidden tokens get no weight; given weights make the context; a given context makes the word."""
    model = tiny_model("general")
    encoded = model.encode(SOURCE)
    plain = model.steps(PREVIOUS, encoded.fixed, encoded)
    mask = torch.tensor([[[False, True, False, False, True]]])
    hidden = model.steps(PREVIOUS, encoded.fixed, encoded, change=Change(hidden=mask))
    assert hidden.weights[0, :, [1, 4]].abs().max() == 0
    torch.testing.assert_close(hidden.weights.sum(-1), torch.ones(1, 4))
    rest = plain.weights.masked_fill(mask, 0)
    torch.testing.assert_close(hidden.weights, rest / rest.sum(-1, keepdim=True), atol=1e-6, rtol=1e-5)
    given = torch.tensor([[[0.0, 0.5, 0.5, 0.0, 0.0]]]).expand(1, 4, 5)
    changed = model.steps(PREVIOUS, encoded.fixed, encoded, change=Change(weights=given))
    expected = (encoded.states[0, 1] + encoded.states[0, 2]) / 2
    torch.testing.assert_close(changed.context[0, 0], expected)
    torch.testing.assert_close(changed.hidden, plain.hidden, atol=0, rtol=0)
    nothing = torch.zeros(1, 4, 10)
    silent = model.steps(PREVIOUS, encoded.fixed, encoded, change=Change(context=nothing))
    read = torch.cat([plain.hidden, nothing], -1)
    torch.testing.assert_close(silent.attentional, torch.tanh(read @ model.combine.weight.T), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_the_layout_names_every_parameter_with_its_shape(attention: str) -> None:
    """What the gate expects in a file is what the model has."""
    model = tiny_model(attention)
    expected = {entry.name: entry.shape for entry in seq2seq_layout(model.config)}
    assert expected == {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 2}, "format_version is 2"),
        ({"format_version": ...}, "format_version"),
        ({"attention": "cosine"}, "attention"),
        ({"encoder_width": 9}, "even"),
        ({"embedding": 0}, "embedding"),
        ({"embedding": True}, "embedding"),
        ({"target_vocabulary": 2_000_000}, "target_vocabulary"),
        ({"end": 8}, "end"),
        ({"decoder_width": ...}, "decoder_width"),
        ({"recurrence": "lstm"}, "recurrence"),
    ],
)
def test_a_configuration_that_no_model_has_is_refused(change: dict[str, object], words: str) -> None:
    """The sentence names the key."""
    found = {key: value for key, value in {**config_json(tiny_config()), **change}.items() if value is not ...}
    with pytest.raises(CheckpointError, match=words):
        parse_seq2seq(found)


def test_a_configuration_reads_back() -> None:
    """What a recipe writes is what the gate reads, and keys of its own are passed over."""
    config, notes = parse_seq2seq({**config_json(tiny_config()), "recurrence": "gru", "author": "me"})
    assert config == tiny_config()
    assert notes == ()
    assert isinstance(config, Seq2seqConfig)
