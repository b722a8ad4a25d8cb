"""Opening encoder–decoders: what only a forward can see is refused there, in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.errors import CheckpointError
from attnviz.jobs.decode import Decode
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from tests.translators import SPECIAL, write_translator


def damaged(
    folder: Path, change: Callable[[dict[str, torch.Tensor]], object], attention: str = "additive"
) -> Reference:
    """A translator whose weights ``change`` has been at."""
    made = write_translator(folder / "translator", attention)
    weights = load_file(made / "model.safetensors")
    change(weights)
    save_file(weights, made / "model.safetensors")
    return Reference(str(made))


PARTS = ("encoder.recurrence.weight_hh_l0", "recurrence.bias_ih_l0", "attention.query.weight", "output_bias")


@pytest.mark.parametrize(
    ("part", "value"), [*((part, float("nan")) for part in PARTS), (PARTS[0], float("inf")), (PARTS[3], float("inf"))]
)
def test_d14_weights_that_are_no_numbers_are_refused_at_the_probe(tmp_path: Path, part: str, value: float) -> None:
    """NaN or infinite weights in any part never give words."""
    reference = damaged(tmp_path, lambda weights: weights[part].fill_(value))
    with pytest.raises(CheckpointError) as caught:
        Library().open(reference)
    assert caught.value.code == "NON_FINITE"


def test_d14_a_single_damaged_letter_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    """A NaN that the probe can't see ends the run in words; other sources are decoded as before."""
    letter = len(SPECIAL) + ord("q") - ord("a")
    reference = damaged(tmp_path, lambda weights: weights["encoder.embedding.weight"][letter].fill_(float("nan")))
    library = Library()
    assert list(Decode(reference, "cat").run(library))
    with pytest.raises(CheckpointError) as caught:
        list(Decode(reference, "quit").run(library))
    assert caught.value.code == "NON_FINITE"


def test_a_translator_fills_no_masks_and_a_report_says_what_it_does(tmp_path: Path) -> None:
    """Asked for an encoder, the library says in which tab such a model works."""
    reference = Reference(str(write_translator(tmp_path / "translator")))
    library = Library()
    report = library.encoder_decoder(reference).report
    assert (report.can_write, report.can_fill_masks, report.can_judge_pairs) == (True, False, False)
    with pytest.raises(CheckpointError, match="decoding tab"):
        library.encoder(reference)
