"""``attnviz list``: what can be opened by name."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open

from attnviz import places, settings
from attnviz.models import shelf
from attnviz.settings import Settings
from tests.commands.conftest import Run

KEYS = ["name", "family", "layers", "heads", "hidden", "vocabulary", "parameters", "path"]


def test_the_shipped_checkpoint_is_listed_with_its_sizes(run: Run, shipped: Path) -> None:
    """First of all; every number stands in config.json or in the header of the weights."""
    entry = run("list", "--json").json[0]
    config = json.loads((shipped / "config.json").read_text(encoding="utf-8"))
    assert list(entry) == KEYS
    assert (entry["name"], entry["family"], entry["path"]) == (shipped.name, "bert", str(shipped))
    assert entry["layers"] == config["num_hidden_layers"]
    assert entry["heads"] == config["num_attention_heads"]
    assert entry["hidden"] == config["hidden_size"]
    assert entry["vocabulary"] == config["vocab_size"]
    with safe_open(shipped / "model.safetensors", "pt") as file:
        assert entry["parameters"] == sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118 - no dict


def test_encoder_decoders_are_listed_with_their_family(run: Run) -> None:
    """Their own name of the family, the target's vocabulary, and a head where they attend."""
    entries = [entry for entry in run("list", "--json").json if entry["family"] == "attnviz-seq2seq"]
    found = {entry["path"] for entry in run("list", "--json").json if entry["family"].startswith("attnviz-")}
    assert found == set(map(str, shelf.translators()))
    assert len(entries) >= 3
    for entry in entries:
        config = json.loads((Path(entry["path"]) / "config.json").read_text(encoding="utf-8"))
        assert (entry["layers"], entry["heads"]) == (1, int(config["attention"] != "none"))
        assert (entry["hidden"], entry["vocabulary"]) == (config["decoder_width"], config["target_vocabulary"])
        with safe_open(Path(entry["path"]) / "model.safetensors", "pt") as file:
            assert entry["parameters"] == sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118 - no dict


def test_recent_folders_are_listed_and_vanished_ones_are_not(run: Run, tiny: Path, tmp_path: Path) -> None:
    """What was opened in the window can be named in the terminal, while it is there."""
    settings.save(Settings(recent=(str(tiny), str(tmp_path / "gone"))), places.settings_file())
    names = [entry["name"] for entry in run("list", "--json").json]
    assert names == [*(folder.name for folder in shelf.shipped()), "tiny"]


def test_the_table_has_a_heading_and_a_line_each(run: Run) -> None:
    """Without --json it is for people."""
    outcome = run("list")
    heading, *lines = outcome.out.splitlines()
    assert heading.split() == KEYS
    assert [line.split()[0] for line in lines] == [folder.name for folder in shelf.shipped()]
    assert lines[0].split()[:2] == ["bert-l6-h384-en", "bert"]
    assert outcome.status == 0
