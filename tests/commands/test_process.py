"""The commands as processes of their own: what only a real standard output and real arguments can show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "attnviz"]
posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell and byte arguments")


def started(*words: str | bytes, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *words], capture_output=True, timeout=60, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_a_command_runs_from_an_empty_folder(tiny: Path, tmp_path: Path, root: Path) -> None:
    """Nothing is looked for in the working folder, or left there; only JSON is on standard output."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    words = ("fill-mask", "the [MASK] sat", "--checkpoint", str(tiny), "--json")
    outcome = started(*words, cwd=tmp_path, env=environment)
    assert outcome.returncode == 0
    assert outcome.stderr == b""
    assert json.loads(outcome.stdout)["tokens"] == ["[CLS]", "the", "[MASK]", "sat", "[SEP]"]
    assert list(tmp_path.iterdir()) == []


@posix
def test_bytes_that_are_no_characters(tiny: Path) -> None:
    """X04: an argument in another encoding is repaired, in the text; and refused with its name, as a folder."""
    outcome = started("fill-mask", b"caf\xe9 [MASK]", "--checkpoint", os.fsencode(tiny), "--json")
    assert outcome.returncode == 0
    assert b"[MASK]" in outcome.stdout
    assert outcome.stderr.count(b"\n") == 1
    refused = started("fill-mask", "[MASK]", "--checkpoint", b"caf\xe9")
    assert refused.returncode == 2
    assert b"caf\\udce9" in refused.stderr
    assert b"Traceback" not in refused.stderr


@posix
def test_a_reader_that_leaves_early_is_no_error() -> None:
    """A closed pipe, as in ``attnviz list --json | head -1``: no traceback, no complaint when the interpreter ends."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        outcome = subprocess.run(
            [*COMMAND, "list", "--json"], stdout=closed, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert outcome.returncode == 0
    assert outcome.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only where there is /dev/full")
def test_a_full_disk_is_one_sentence() -> None:
    """Standard output that can't be written is told, once."""
    with Path("/dev/full").open("wb") as full:
        outcome = subprocess.run(
            [*COMMAND, "list", "--json"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert outcome.returncode == 2
    assert outcome.stderr.count(b"\n") == 1
    assert b"no space left" in outcome.stderr


def test_a_home_that_can_not_be_written_is_no_obstacle(tiny: Path) -> None:
    """No log, no settings: the answer all the same."""
    environment = {**os.environ, **dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), "/dev/null/nowhere")}
    outcome = started("fill-mask", "[MASK]", "--checkpoint", str(tiny), "--json", env=environment)
    assert outcome.returncode == 0
    assert outcome.stderr == b""


def test_help_and_version_need_no_torch() -> None:
    """Quick answers stay quick: neither torch nor Qt is imported for them, nor for the list."""
    program = (
        "import sys\n"
        "from attnviz.app import main\n"
        "main(['list', '--json'])\n"
        "print(sorted({'torch', 'PySide6', 'transformers'} & set(sys.modules)), file=sys.stderr)\n"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert outcome.stderr.strip() == b"[]"
    assert started("--version").stdout.startswith(b"attnviz ")
