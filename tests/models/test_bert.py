"""BERT against `transformers`: the same numbers at every stage."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from transformers import BertConfig as TheirConfig
from transformers import BertForPreTraining

from attnviz.models.bert import Bert, Stages
from attnviz.models.bert_layout import bert_layout
from attnviz.models.config import BertConfig
from attnviz.models.layout import agree
from attnviz.trace import Attention, Block, Hidden, Site


def pair_of_models(seed: int = 0, **sizes) -> tuple[Bert, BertForPreTraining]:
    """Our model and theirs with the same random weights, norms and biases included."""
    torch.manual_seed(seed)
    ours = BertConfig(
        **{"vocabulary": 71, "hidden": 24, "layers": 3, "heads": 4, "intermediate": 50, "positions": 40, **sizes}
    )
    theirs = BertForPreTraining(
        TheirConfig(
            vocab_size=ours.vocabulary, hidden_size=ours.hidden, num_hidden_layers=ours.layers, num_attention_heads=ours.heads,
            intermediate_size=ours.intermediate, max_position_embeddings=ours.positions, type_vocab_size=ours.segments,
            hidden_act=ours.activation, layer_norm_eps=ours.norm_epsilon, attn_implementation="eager",
        )
    ).eval()  # fmt: skip
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(0, 0.3)
    weights = theirs.state_dict()
    found = agree(bert_layout(ours), {name: tuple(tensor.shape) for name, tensor in weights.items()})
    model = Bert(ours, own_decoder="mlm.decoder.weight" in found.sources).eval()
    model.load_state_dict({name: weights[source] for name, source in found.sources.items()})
    return model, theirs


def batch(config: BertConfig, rows: int = 3, tokens: int = 11) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, segments and a mask with padding at the end of all rows but the first."""
    ids = torch.randint(0, config.vocabulary, (rows, tokens))
    segments = torch.randint(0, config.segments, (rows, tokens))
    mask = torch.arange(tokens)[None] < torch.tensor([[tokens], *([tokens - 2 - row] for row in range(1, rows))])
    return ids, segments, mask


@pytest.mark.parametrize(
    ("activation", "heads", "layers"),
    [*product(("gelu", "gelu_new", "relu", "silu"), (1, 4), (1, 3))],
    ids=str,
)
def test_padded_batches_with_segments_equal_transformers(activation, heads, layers):
    """Hidden states, MLM and NSP logits agree to 1e-4 on random small configurations."""
    ours, theirs = pair_of_models(heads * 10 + layers, activation=activation, heads=heads, layers=layers)
    ids, segments, mask = batch(ours.config)
    with torch.inference_mode():
        states = ours(ids, segments, mask)
        expected = theirs(ids, token_type_ids=segments, attention_mask=mask.long(), output_hidden_states=True)
        scale = expected.prediction_logits.abs().max()
        assert (states - expected.hidden_states[-1])[mask].abs().max() < 1e-4
        assert (ours.word_logits(states) - expected.prediction_logits)[mask].abs().max() < 1e-4 * max(1.0, float(scale))
        assert (ours.pair_logits(states) - expected.seq_relationship_logits).abs().max() < 1e-4


@pytest.mark.parametrize("padded", [False, True], ids=["unpadded", "padded"])
def test_recorded_attention_equals_the_models_own_softmax(padded):
    """Scores, weights and context unfolded from Q, K and V equal eager attention to 1e-5, masked keys included."""
    ours, theirs = pair_of_models(5)
    ids, segments, mask = batch(ours.config)
    row = slice(1, 2) if padded else slice(0, 1)
    with torch.inference_mode():
        expected = theirs(
            ids[row],
            token_type_ids=segments[row],
            attention_mask=mask[row].long(),
            output_attentions=True,
            output_hidden_states=True,
        )
    records = list(ours.trace(ids[row], segments[row], mask[row] if padded else None, blocks=range(3)))
    attentions = [record for record in records if isinstance(record, Attention)]
    blocks = [record for record in records if isinstance(record, Block)]
    assert [record.layer for record in attentions] == [0, 1, 2]
    for record, block, weights in zip(attentions, blocks, expected.attentions, strict=True):
        for head in range(record.heads):
            np.testing.assert_allclose(record.weights(head), weights[0, head].numpy(), atol=1e-5)
        context = np.concatenate([record.context(head) for head in range(record.heads)], axis=-1)
        np.testing.assert_allclose(context, block.stages["context"], atol=1e-5)
        assert record.scale == pytest.approx(1 / np.sqrt(ours.config.hidden / ours.config.heads))
    states = [record for record in records if isinstance(record, Hidden)]
    assert [record.layer for record in states] == [0, 1, 2, 3]
    for record, hidden in zip(states, expected.hidden_states, strict=True):
        np.testing.assert_allclose(record.states, hidden[0].numpy(), atol=1e-4)


def test_records_are_float32_read_only_and_apart_from_the_model():
    """Nobody can change a model through what it recorded."""
    ours, _ = pair_of_models(2)
    ids, segments, _ = batch(ours.config, rows=1)
    for record in ours.trace(ids, segments):
        arrays = [record.query, record.key, record.value] if isinstance(record, Attention) else [record.states]
        for array in arrays:
            assert array.dtype == np.float32
            assert not array.flags.writeable
            assert array.flags.c_contiguous


def test_a_block_holds_every_stage_of_the_computation():
    """Each stage follows from the ones before it by the layer's own modules."""
    ours, _ = pair_of_models(3)
    ids, segments, _ = batch(ours.config, rows=1)
    block = next(record for record in ours.trace(ids, segments, blocks=(1,)) if isinstance(record, Block))
    assert (block.site, block.layer) == (Site.ENCODER, 1)
    assert tuple(block.stages) == Stages._fields
    stages = {name: torch.tensor(array) for name, array in block.stages.items()}
    layer = ours.layers[1]
    with torch.inference_mode():
        torch.testing.assert_close(stages["attention_sum"], stages["input"] + stages["attended"], atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(
            stages["attention_norm"], layer.attention_norm(stages["attention_sum"]), atol=1e-5, rtol=1e-5
        )
        torch.testing.assert_close(
            stages["inner"], layer.feed_forward.inner(stages["attention_norm"]), atol=1e-5, rtol=1e-5
        )
        torch.testing.assert_close(stages["activated"], torch.nn.functional.gelu(stages["inner"]), atol=1e-6, rtol=1e-5)
        torch.testing.assert_close(
            stages["output"], layer.output_norm(stages["outer"] + stages["attention_norm"]), atol=1e-5, rtol=1e-5
        )


def test_tracing_does_not_leak_inference_mode_into_the_consumer():
    """Between two records the consumer may still compute gradients."""
    ours, _ = pair_of_models(4)
    ids, segments, _ = batch(ours.config, rows=1)
    for _record in ours.trace(ids, segments):
        assert not torch.is_inference_mode_enabled()


def test_untied_decoder_is_used_when_the_file_has_one():
    """A decoder matrix of its own, not the embeddings, gives the scores."""
    ours, _ = pair_of_models(6)
    torch.manual_seed(0)
    apart = Bert(ours.config, own_decoder=True).eval()
    apart.load_state_dict(
        {**ours.state_dict(), "mlm.decoder.weight": torch.randn(ours.config.vocabulary, ours.config.hidden)}
    )
    states = torch.randn(1, 2, ours.config.hidden)
    with torch.inference_mode():
        transformed = apart.mlm.norm(apart.mlm.activate(apart.mlm.dense(states)))
        torch.testing.assert_close(apart.word_logits(states), transformed @ apart.mlm.decoder.weight.T + apart.mlm.bias)
