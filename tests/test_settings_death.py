"""F03: a program that dies while it saves its settings: the file is whole, and what was left beside it goes away."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from attnviz.settings import Settings, load, save

FULL = Settings(checkpoint="/models/mine", sentence="a cat", width=1000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_f03_death_while_saving_leaves_the_old_or_the_new_file(path: Path) -> None:
    """F03: a process that saves without pause is killed twenty times; the file always parses."""
    program = (
        "import sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from attnviz.settings import Settings, save\n"
        "print('ready', flush=True)\n"
        "for number in range(10**9):\n"
        "    save(replace(Settings(), sentence=str(number % 10) * 20_000), Path(sys.argv[1]))\n"
    )
    save(FULL, path)
    chance = random.Random(3)
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(chance.uniform(0, 0.03))
        process.kill()
        process.wait()
        process.stdout.close()
        found, notice = load(path)
        assert notice is None
        assert found == FULL or len(set(found.sentence)) == 1


@pytest.mark.parametrize("how", ["start", "save"])
def test_f03_what_a_killed_save_left_is_removed(path: Path, how: str) -> None:
    """F03: at the next start or save; not what another program may be writing, and nothing else beside it."""
    left, young, bad, other = (
        path.with_name(name)
        for name in (".settings.json.a1b2c3d4.part", ".settings.json.now.part", "settings.json.bad-1", ".x.json.a.part")
    )
    save(FULL, path)
    for each in (left, young, bad, other):
        each.write_text("{")
    for each in (left, bad, other):
        os.utime(each, (1, 1))
    if how == "start":
        assert load(path) == (FULL, None)
    else:
        save(FULL, path)
    assert {each.name for each in path.parent.iterdir()} == {path.name, young.name, bad.name, other.name}


def test_f03_a_save_writes_beside_the_file_under_a_name_that_is_swept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F03: killed at its last moment, it leaves exactly one file, which is gone after the next save."""
    save(FULL, path)
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", _killed)
        patch.setattr("pathlib.Path.unlink", _killed)
        with pytest.raises(KeyboardInterrupt):
            save(Settings(), path)
    [left] = set(path.parent.iterdir()) - {path}
    os.utime(left, (1, 1))
    save(Settings(), path)
    assert list(path.parent.iterdir()) == [path]


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
