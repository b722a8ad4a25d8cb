"""Opening checkpoints: what the library lets in, what it refuses, and that the open one stays as it was."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.errors import CheckpointError
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.open_checkpoint import OpenCheckpoint
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Attention, Candidates, Hidden, Trace
from tests.badinputs.valid import split_safetensors, write_bert_folder, write_json

TEXT = "the cat [MASK] on a mat"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A tiny folder that is right in every byte."""
    return write_bert_folder(tmp_path / "good")


def logits(library: Library, folder: Path, **options) -> bytes:
    """The exact bytes of what the model says; two calls are equal only bit for bit."""
    trace = Trace().plus(*library.open(Reference(str(folder), **options)).encode(TEXT))
    checkpoint = library.open(Reference(str(folder), **options))
    run = checkpoint.trace(trace.tokens())
    states = b"".join(record.states.tobytes() for record in run if isinstance(record, Hidden))
    answer = Trace().plus(*FillMask(Reference(str(folder), **options), TEXT).run(library)).every(Candidates)
    return states + repr(answer).encode()


def refused(library: Library, folder: Path, **options) -> CheckpointError:
    """The error of a folder that must not open."""
    with pytest.raises(CheckpointError) as caught:
        library.open(Reference(str(folder), **options))
    assert len(caught.value.sentence) <= 300
    return caught.value


def rewrite(folder: Path, change) -> None:
    """Load the weights, change the mapping, and write them back."""
    path = folder / "model.safetensors"
    weights = load_file(path)
    save_file(change(weights), path)


def test_a_good_folder_is_reported_in_full(good):
    """The load report counts every tensor and says that the probe was finite."""
    report = Library().open(Reference(str(good))).report
    header, data = split_safetensors(good / "model.safetensors")
    assert report.found == report.expected == len(header.keys() - {"__metadata__"})
    assert report.bytes >= len(data)
    assert (report.layers, report.heads, report.hidden, report.vocabulary) == (2, 2, 16, 320)
    assert report.missing == report.unexpected == ()
    assert report.probe.startswith("finite")
    assert report.can_fill_masks
    assert report.can_judge_pairs


def test_the_same_reference_is_loaded_once(good):
    """A second open returns the model that is there."""
    library = Library()
    assert library.open(Reference(str(good))) is library.open(Reference(str(good)))


def every_second(weights):
    return dict(list(weights.items())[::2])


def prefixed(weights):
    return {f"zz.{name}": tensor for name, tensor in weights.items()}


def nothing(_weights):
    return {"alone": torch.zeros(1)}


@pytest.mark.parametrize("change", [every_second, prefixed, nothing])
def test_w01_names_that_do_not_fit_are_refused_with_counts(good, change):
    """W01: a random model is never shown for a file whose names are missing; the sentence counts and names them."""
    rewrite(good, change)
    error = refused(Library(), good)
    assert error.code == "KEYS_MISMATCH"
    assert " missing" in error.sentence
    assert " unexpected" in error.sentence


def test_w02_a_wrong_shape_names_the_tensor_and_both_shapes(good):
    """W02: one transposed matrix is refused by name."""
    name = "bert.encoder.layer.1.intermediate.dense.weight"
    rewrite(good, lambda weights: {**weights, name: weights[name].T.contiguous()})
    error = refused(Library(), good)
    assert error.code == "SHAPE_MISMATCH"
    assert name in error.sentence or "layers.1.feed_forward.inner.weight" in error.sentence
    assert "32" in error.sentence
    assert "16" in error.sentence


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "part", ["bert.encoder.layer.0.output.dense.weight", "cls.predictions.bias", "cls.seq_relationship.weight"]
)
def test_w03_weights_that_are_no_numbers_are_refused_at_the_probe(good, value, part):
    """W03: NaN or infinite weights, in the encoder or in a head, never give a list of words."""
    rewrite(good, lambda weights: {**weights, part: torch.full_like(weights[part], value)})
    assert refused(Library(), good).code == "NON_FINITE"


def test_w03_a_single_damaged_row_is_noticed_when_it_is_used(good):
    """A NaN that the probe can't see ends the run in words, not in arbitrary candidates."""
    name = "bert.embeddings.position_embeddings.weight"

    def damage(weights):
        weights[name][4] = float("nan")
        return weights

    rewrite(good, damage)
    library = Library()
    with pytest.raises(CheckpointError) as caught:
        list(FillMask(Reference(str(good)), TEXT).run(library))
    assert caught.value.code == "NON_FINITE"


def test_w05_more_pieces_than_embeddings_are_refused(good):
    """W05: a tokenizer of another model is told apart before its ids reach the embeddings."""
    tokenizer = json.loads((good / "tokenizer.json").read_bytes())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary.update({f"extra{number}": len(vocabulary) + number for number in range(400)})
    write_json(good / "tokenizer.json", tokenizer)
    assert refused(Library(), good).code == "VOCAB_MISMATCH"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=str)
def test_w06_other_float_types_are_computed_in_float32(good, dtype):
    """W06: bfloat16, half and double weights load and give float32 records."""
    rewrite(good, lambda weights: {name: tensor.to(dtype) for name, tensor in weights.items()})
    library = Library()
    records = list(Inspect(Reference(str(good)), TEXT, overviews=False).run(library))
    assert all(record.query.dtype == np.float32 for record in records if isinstance(record, Attention))


def test_w06_integer_weights_are_refused(good):
    """W06: a quantised matrix is refused, not cast."""
    name = "bert.encoder.layer.0.output.dense.weight"
    rewrite(good, lambda weights: {**weights, name: weights[name].to(torch.int64)})
    assert refused(Library(), good).code in {"WEIGHTS_DTYPE", "DTYPE", "WEIGHTS_HEADER"}


def test_s15_a_file_that_shrinks_after_loading_changes_nothing(good):
    """S15: weights are read, not mapped: truncating the file neither kills the process nor changes an answer."""
    library = Library()
    before = logits(library, good)
    os.truncate(good / "model.safetensors", 4096)
    assert logits(library, good) == before


def test_q10_a_folder_that_is_refused_leaves_the_open_model_as_it_was(good, tmp_path):
    """Q10: after any refusal the loaded model answers bit for bit as before."""
    library = Library()
    before = logits(library, good)
    bad = write_bert_folder(tmp_path / "bad")
    rewrite(bad, every_second)
    for _ in range(3):
        refused(library, bad)
    refused(library, tmp_path / "nowhere")
    assert logits(library, good) == before


def test_a_file_changed_between_verdict_and_reading_is_refused(good):
    """The weights that are read are those that were examined."""
    from attnviz.models.device import choose
    from attnviz.models.gate import examine
    from attnviz.models.loading import load

    verdict = examine(good)
    rewrite(good, lambda weights: {name: tensor + 1 for name, tensor in weights.items()})
    with pytest.raises(CheckpointError) as caught:
        load(verdict, choose("cpu"))
    assert caught.value.code == "CHANGED_ON_DISK"


def test_a_pickle_is_read_only_with_consent_and_gives_the_same_answers(good, tmp_path):
    """pytorch_model.bin: refused without consent, then equal to the safetensors file bit for bit."""
    library = Library()
    expected = logits(library, good)
    other = write_bert_folder(tmp_path / "other")
    weights = load_file(other / "model.safetensors")
    (other / "model.safetensors").unlink()
    torch.save(weights, other / "pytorch_model.bin")
    assert refused(library, other).code == "PICKLE_NEEDS_CONSENT"
    assert logits(library, other, allow_pickle=True) == expected


def test_a_fine_tuned_encoder_opens_without_the_heads_it_lacks(good):
    """A classifier's checkpoint: attention can be seen, masks can't be filled, and the extra tensors are named."""
    rewrite(
        good,
        lambda weights: {
            **{name: t for name, t in weights.items() if not name.startswith("cls.")},
            "classifier.weight": torch.zeros(3, 16),
        },
    )
    library = Library()
    report = library.open(Reference(str(good))).report
    assert report.unexpected == ("classifier.weight",)
    assert not report.can_fill_masks
    assert not report.can_judge_pairs
    with pytest.raises(CheckpointError) as caught:
        list(FillMask(Reference(str(good)), TEXT).run(library))
    assert caught.value.code == "NO_MLM_HEAD"
    assert any(isinstance(record, Attention) for record in Inspect(Reference(str(good)), TEXT).run(library))


def test_no_socket_is_opened_while_loading(good, monkeypatch):
    """Opening a folder, even one whose name looks like a hub id, asks nobody."""

    def refuse(*_arguments):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    Library().open(Reference(str(good)))
    refused(Library(), Path("google/bert-base"))


def test_an_unknown_device_is_refused_by_name(good):
    """A device that this machine lacks is answered with those it has."""
    assert (
        refused(Library(), good, device="cuda:7" if not torch.cuda.is_available() else "abacus").code
        == "NO_SUCH_DEVICE"
    )


def test_only_the_last_three_models_are_kept(good, tmp_path):
    """A fourth model pushes out the one that was not used for longest."""
    library = Library()
    folders = [good, *(write_bert_folder(tmp_path / f"m{number}") for number in range(3))]
    opened = [library.open(Reference(str(folder))) for folder in folders]
    assert library.open(Reference(str(folders[1]))) is opened[1]
    assert library.open(Reference(str(folders[0]))) is not opened[0]


def test_a_folder_that_was_trained_further_is_read_again_when_it_is_opened(good):
    """Opening looks at the files; jobs on the open model don't."""
    library, reference = Library(), Reference(str(good))
    before = logits(library, good)
    rewrite(good, lambda weights: {name: tensor + 0.5 for name, tensor in weights.items()})
    assert logits(library, good) == before
    list(OpenCheckpoint(reference).run(library))
    assert logits(library, good) != before


def test_an_examination_can_be_waited_for_in_small_steps(good, monkeypatch):
    """It was asked once; opening finds its verdict, and nothing is left to wait for afterwards."""
    library, reference = Library(), Reference(str(good))
    list(library.examine(reference))
    monkeypatch.setattr("attnviz.models.library.Examination", None)
    assert library.open(reference).report.found
    assert list(library.examine(reference)) == []


def test_whoever_stops_waiting_stops_the_examination(good):
    """The child is gone, and a later opening examines anew."""
    library, reference = Library(), Reference(str(good))
    waiting = library.examine(reference)
    next(waiting)
    child = library._early[reference]
    waiting.close()
    assert child._process.poll() is not None
    assert library.open(reference).report.found
