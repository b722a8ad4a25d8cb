"""``attnviz doctor``: what this machine has."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import pytest

from attnviz import places, settings
from attnviz.settings import Settings
from tests.badinputs.valid import write_bert_folder
from tests.commands.conftest import Run


@pytest.fixture
def shelf_of_two(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One good and one bad folder, remembered; nothing shipped, so that the test is quick."""
    bad = write_bert_folder(tmp_path / "bad")
    (bad / "model.safetensors").write_bytes(b"")
    settings.save(Settings(recent=(str(tiny), str(bad))), places.settings_file())
    monkeypatch.setattr("attnviz.models.shelf.shipped", tuple)
    return bad


@pytest.mark.usefixtures("shelf_of_two")
def test_the_json_says_versions_device_and_verdicts(run: Run) -> None:
    """Versions are those of the installed packages; a good folder is ok, a bad one has its reason."""
    found = run("doctor", "--json").json
    assert found["python"] == platform.python_version()
    assert found["packages"]["torch"] == metadata.version("torch")
    assert found["device"].startswith(("cpu", "cuda", "mps"))
    assert found["missing_libraries"] == []
    assert found["settings"] == str(places.settings_file())
    verdicts = {entry["name"]: entry["verdict"] for entry in found["checkpoints"]}
    assert verdicts["tiny"].startswith("ok: ")
    assert verdicts["bad"].startswith("refused (WEIGHTS_TRUNCATED): ")


@pytest.mark.usefixtures("shelf_of_two")
def test_the_lines_say_the_same(run: Run) -> None:
    """Without --json it is for people."""
    outcome = run("doctor")
    assert outcome.status == 0
    assert f"python: {platform.python_version()}" in outcome.out
    assert "tiny: ok" in outcome.out
    assert "bad: refused" in outcome.out


def test_the_shipped_checkpoints_are_fine(run: Run) -> None:
    """What comes with the program loads."""
    found = run("doctor", "--json").json["checkpoints"]
    assert found[0]["name"] == "bert-l6-h384-en"
    assert all(entry["verdict"].startswith("ok: ") for entry in found), found
