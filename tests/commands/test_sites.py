"""What a decoder's numbers belong to: its own words, in archives, in the lens, and in pictures of tabs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.commands.conftest import Run
from tests.jobs.test_decode_transformer import lively, write

SOURCE = "attn"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Transformer whose answer is longer than its source."""
    return Path(write(tmp_path_factory.mktemp("sites") / "model", lively()).path)


@pytest.mark.parametrize(
    ("site", "queries", "keys"), [("decoder", "decoder", "decoder"), ("cross", "decoder", "encoder")]
)
def test_an_archive_has_the_tokens_of_every_axis(
    site: str, queries: str, keys: str, run: Run, folder: Path, tmp_path: Path
) -> None:
    """As many tokens as the attention has queries and keys, named by whose they are."""
    target = tmp_path / "x.npz"
    run("inspect", SOURCE, "--checkpoint", folder, "--site", site, "--out", target)
    found = np.load(target)
    shape = found[f"attention/{site}/0"].shape
    assert shape[1:] == (len(found[f"tokens/{queries}"]), len(found[f"tokens/{keys}"]))
    assert list(found["tokens"]) == list(found["tokens/decoder"])
    assert list(found["tokens/encoder"]) == list(SOURCE)


def test_the_lens_names_the_words_that_it_read(run: Run, folder: Path) -> None:
    """A line a word that the decoder was fed, whatever the length of the source."""
    lines = run("inspect", SOURCE, "--checkpoint", folder, "--lens").out.splitlines()
    words = run("decode", SOURCE, "--checkpoint", folder, "--json").json["steps"]
    assert len(lines) == 2 + len(words)
    assert lines[2].startswith("<s>")
    assert [line.split()[0] for line in lines[3:]] == [step["token"] for step in words[:-1]]


def test_every_step_of_a_transformer_goes_into_the_archive(run: Run, folder: Path, tmp_path: Path) -> None:
    """What its decoder looked at, layer by layer, with rows that sum to 1."""
    target = tmp_path / "x.npz"
    run("decode", SOURCE, "--checkpoint", folder, "--out", target)
    found = np.load(target)
    steps = len(found["output"])
    assert found["encoder"].shape == (len(SOURCE), 24)
    for layer in range(3):
        assert found[f"attention/cross/{layer}"].shape == (4, steps, len(SOURCE))
        np.testing.assert_allclose(found[f"attention/decoder/{layer}"].sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(found["weights"], found["attention/cross/2"].mean(0), atol=1e-6)


def test_a_mask_beyond_the_models_reach_is_told_apart_from_none(run: Run, tiny: Path) -> None:
    """The tiny model reads 64 tokens."""
    far = run("fill-mask", "cat " * 100 + "[MASK]", "--checkpoint", tiny)
    assert "stands beyond the 64 tokens" in far.err
    assert far.status == 2
    assert "has no [MASK]" in run("fill-mask", "cat " * 100, "--checkpoint", tiny).err


def test_a_limit_that_was_set_is_told_as_that(run: Run, folder: Path) -> None:
    """And not as the model's own."""
    assert (
        "Stopped after 1 word without an end sign: that is the limit that was set."
        in run("decode", SOURCE, "--checkpoint", folder, "--limit", 1).err
    )
