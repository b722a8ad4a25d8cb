"""A built wheel is the whole program: it runs from an empty folder, with the checkpoint that it brought."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built by the locked build tools without reaching for others."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)]
    run = subprocess.run(build, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel alone was installed."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, timeout=300)
    return target


def run(installed: Path, folder: Path, *command: str) -> str:
    """Standard output of Python in ``folder``, with the dependencies importable and the checkout not.

    ``-S`` leaves out the ``.pth`` file of the editable install; the packages beside it come in by their path.
    """
    packages = [str(installed), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(packages))}
    python = [sys.executable, "-S", *command]
    done = subprocess.run(python, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_carries_resources_and_checkpoints_but_no_training_runs(wheel: Path) -> None:
    """The data lie inside the package; what training left behind, tests and caches stay at home."""
    names = zipfile.ZipFile(wheel).namelist()
    assert "attnviz/_data/checkpoints/bert-l6-h384-en/model.safetensors" in names
    assert any(name.startswith("attnviz/_data/resources/") for name in names)
    assert "attnviz/py.typed" in names
    assert not [name for name in names if "recipes/runs" in name or "__pycache__" in name]
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"attnviz"}


def test_imports_from_where_it_was_installed(installed: Path, tmp_path: Path) -> None:
    """The test below would prove nothing if it ran the checkout."""
    origin = run(installed, tmp_path, "-c", "import attnviz; print(attnviz.__file__)")
    assert Path(origin.strip()).is_relative_to(installed)


def test_lists_its_own_checkpoint_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    """`attnviz list` finds the shipped model inside the installed wheel."""
    listed = json.loads(run(installed, tmp_path, "-m", "attnviz", "list", "--json"))
    shipped = {entry["name"]: Path(entry["path"]) for entry in listed}["bert-l6-h384-en"]
    assert shipped.is_relative_to(installed)
    assert (shipped / "model.safetensors").is_file()


def test_metadata_name_the_licence_and_the_command(installed: Path) -> None:
    """Who installs the wheel gets LICENSE, NOTICE and the `attnviz` command."""
    (info,) = installed.glob("attnviz-*.dist-info")
    assert {"LICENSE", "NOTICE"} <= {path.name for path in info.rglob("*")}
    assert "attnviz = attnviz.app:main" in (info / "entry_points.txt").read_text()
