from __future__ import annotations

import pytest

from attnviz.errors import CheckpointError
from attnviz.models.bert_layout import bert_layout
from attnviz.models.config import BertConfig
from attnviz.models.layout import Agreement, Part, agree
from tests.badinputs import valid

CONFIG = BertConfig(vocabulary=320, hidden=16, layers=2, heads=2, intermediate=32, positions=64)


def matched(found: dict[str, tuple[int, ...]], config: BertConfig = CONFIG) -> Agreement:
    return agree(bert_layout(config), found)


def test_pretraining_names_are_all_found() -> None:
    """The names of BertForPreTraining cover the layout; the tied decoder needs no tensor of its own."""
    found = matched(valid.shapes())
    assert found.parts == {Part.ENCODER, Part.POOLER, Part.MLM, Part.NSP}
    assert found.missing == found.unexpected == ()
    assert found.sources["layers.1.attention_norm.bias"] == "bert.encoder.layer.1.attention.output.LayerNorm.bias"
    assert "mlm.decoder.weight" not in found.sources


def test_bare_model_names_are_found_without_prefix() -> None:
    """BertModel saves without the prefix and without heads: the abilities are off, and their tensors named."""
    found = matched(valid.shapes(prefix="", heads=False))
    assert found.parts == {Part.ENCODER, Part.POOLER}
    assert "cls.predictions.bias" in found.missing
    assert found.sources["embeddings.word.weight"] == "embeddings.word_embeddings.weight"


def test_names_of_2018_are_found() -> None:
    """The first checkpoints called the norm's parameters gamma and beta."""
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): shape
        for name, shape in valid.shapes().items()
    }
    assert matched(old).sources["embeddings.norm.weight"] == "bert.embeddings.LayerNorm.gamma"
    assert matched(old).sources["mlm.norm.bias"] == "cls.predictions.transform.LayerNorm.beta"


def test_the_decoder_and_its_bias_are_found() -> None:
    """A decoder of its own is used; its bias may stand under either name."""
    shapes = {**valid.shapes(), "cls.predictions.decoder.weight": (320, 16)}
    shapes["cls.predictions.decoder.bias"] = shapes.pop("cls.predictions.bias")
    found = matched(shapes, BertConfig(320, 16, 2, 2, 32, 64, tied=False))
    assert found.sources["mlm.decoder.weight"] == "cls.predictions.decoder.weight"
    assert found.sources["mlm.bias"] == "cls.predictions.decoder.bias"


def test_buffers_are_ignored_and_other_tensors_listed() -> None:
    """position_ids are no weights; a classifier of a fine-tuned model is listed and allowed."""
    shapes = {**valid.shapes(), "bert.embeddings.position_ids": (1, 64), "classifier.weight": (3, 16)}
    assert matched(shapes).unexpected == ("classifier.weight",)


def test_two_models_in_one_file_are_not_mixed() -> None:
    """Tensors without prefix don't fill the gaps of those with one."""
    shapes = valid.shapes()
    shapes["embeddings.word_embeddings.weight"] = shapes.pop("bert.embeddings.word_embeddings.weight")
    with pytest.raises(CheckpointError, match="1 missing, 1 unexpected"):
        matched(shapes)


def test_a_missing_layer_is_counted_and_named() -> None:
    """The refusal has both counts and at most five names, and fits into one sentence."""
    shapes = {name: shape for name, shape in valid.shapes().items() if ".layer.1." not in name}
    with pytest.raises(CheckpointError) as caught:
        matched(shapes)
    assert caught.value.code == "KEYS_MISMATCH"
    assert "16 missing, 0 unexpected" in caught.value.sentence
    assert caught.value.sentence.count("encoder.layer") == 5


def test_our_names_are_those_of_the_model() -> None:
    """The layout and the torch module name the same parameters with the same shapes."""
    torch = pytest.importorskip("torch")
    bert = pytest.importorskip("attnviz.models.bert")
    with torch.device("meta"):
        model = bert.Bert(CONFIG, pooler=True, mlm=True, nsp=True, own_decoder=True)
    theirs = {name: tuple(parameter.shape) for name, parameter in model.state_dict().items()}
    assert {entry.name: entry.shape for entry in bert_layout(CONFIG)} == theirs
