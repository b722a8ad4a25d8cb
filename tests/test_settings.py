"""What is remembered survives bad files, full disks and sudden death."""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.settings import Settings, load, save

FULL = Settings(
    checkpoint="/models/bert",
    sentence="the cat [MASK]",
    recent=("/models/bert", "/models/other"),
    recent_sentences=("a", "b\nc"),
    width=1000,
    height=700,
    tab="inspector",
    theme="dark",
    device="cpu",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file."""
    return tmp_path / "settings.json"


def kept(path: Path) -> list[Path]:
    """Bad files that were put aside."""
    return sorted(path.parent.glob("settings.json.bad-*"))


def test_what_is_saved_is_loaded(path: Path) -> None:
    """Every field, with nothing else left in the folder."""
    save(FULL, path)
    assert load(path) == (FULL, None)
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


def test_without_a_file_there_are_defaults_and_no_notice(path: Path) -> None:
    """The first start is nothing to talk about."""
    assert load(path) == (Settings(), None)


@given(text=st.text(st.characters(), max_size=200))
def test_any_sentence_comes_back_without_half_characters(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """X04: lone surrogates and NUL are replaced when read, everything else returns as it was."""
    path = tmp_path_factory.mktemp("any") / "settings.json"
    save(replace(FULL, sentence=text), path)
    found, notice = load(path)
    assert notice is None
    assert found.sentence.encode().decode() == found.sentence
    if text.isprintable():
        assert found.sentence == text


def test_the_longest_sentences_fit(path: Path) -> None:
    """Eleven sentences of twenty thousand emoji, the most that can be remembered, are not too large to be read."""
    long = replace(FULL, sentence="😀" * 20_000, recent_sentences=tuple(f"{n}" + "😀" * 19_999 for n in range(10)))
    save(long, path)
    assert load(path) == (long, None)


BAD = {
    "empty": b"",
    "random": random.Random(1).randbytes(4096),
    "truncated": json.dumps({"width": 1000})[:-4].encode(),
    "list": b"[]",
    "number": b"3",
    "null": b"null",
    "deep": b"[" * 100_000,
    "utf-16": '{"width": 1000}'.encode("utf-16"),
    "nul": b"\0" * 1000,
    "long number": b'{"width": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_f01_a_file_that_can_not_be_read_is_kept_beside(path: Path, content: bytes) -> None:
    """F01: defaults, one sentence, and the old bytes under another name."""
    path.write_bytes(content)
    found, notice = load(path)
    assert found == Settings()
    assert notice is not None
    assert "defaults" in notice
    assert [old.read_bytes() for old in kept(path)] == [content]
    assert load(path) == (Settings(), None)


def test_f01_a_byte_order_mark_is_nothing_bad(path: Path) -> None:
    """F01: an editor added it; the settings are read."""
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"width": 1000}).encode())
    assert load(path) == (replace(Settings(), width=1000), None)


def test_f01_a_huge_file_is_not_read(path: Path) -> None:
    """F01: a hundred megabytes of nothing."""
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    found, notice = load(path)
    assert found == Settings()
    assert notice


WRONG: dict[str, Any] = {
    "number": 7,
    "float": 900.5,
    "text": "notint",
    "null": None,
    "true": True,
    "list": [1, 2],
    "object": {"a": 1},
    "negative": -5,
    "huge": 10**30,
    "long text": "x" * 100_000,
    "texts": ["a"] * 5000,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_f01_a_wrong_value_is_left_at_its_default(path: Path, name: str, value: object) -> None:
    """F01: one spoiled entry doesn't take the others with it, and what comes out has the right kind."""
    path.write_text(json.dumps({"width": 1234, "unknown": 1, name: value}), encoding="utf-8")
    found, notice = load(path)
    assert notice is None
    assert type(getattr(found, name)) is type(getattr(Settings(), name))
    assert len(found.recent) <= 10
    assert len(found.recent_sentences) <= 10
    if name != "width":
        assert found.width == 1234


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_f01_a_pipe_is_not_waited_for(path: Path) -> None:
    """Reading it would block for ever."""
    os.mkfifo(path)
    assert load(path)[0] == Settings()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_f01_a_device_is_not_read(path: Path) -> None:
    """Reading it would never end."""
    path.symlink_to("/dev/zero")
    assert load(path)[0] == Settings()


def test_f04_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F04: the system's error is raised, the old file is whole, and nothing half-written stays."""
    save(FULL, path)

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(Settings(), path)
    assert load(path) == (FULL, None)
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on file sizes")
def test_f04_a_limit_on_file_sizes_leaves_the_old_file(path: Path) -> None:
    """F04: the write itself fails half-way, in a process of its own."""
    save(FULL, path)
    program = (
        "import resource, signal, sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from attnviz.settings import Settings, save\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: save(replace(Settings(), sentence='x' * 20_000), Path(sys.argv[1]))\n"
        "except OSError as error: print(error.strerror)\n"
    )
    outcome = subprocess.run([sys.executable, "-B", "-c", program, str(path)], capture_output=True, check=True)
    assert b"too large" in outcome.stdout
    assert load(path) == (FULL, None)
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


def test_f04_a_folder_in_the_place_of_the_file_is_put_aside(path: Path) -> None:
    """F04: its contents are kept, and the next save works."""
    path.mkdir()
    (path / "precious").write_text("x", encoding="utf-8")
    found, notice = load(path)
    assert found == Settings()
    assert notice
    assert [(old / "precious").read_text(encoding="utf-8") for old in kept(path)] == ["x"]
    save(FULL, path)
    assert load(path) == (FULL, None)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_f04_a_folder_that_can_not_be_written_is_an_error(path: Path) -> None:
    """F04: raised, with the old file intact."""
    save(FULL, path)
    path.parent.chmod(0o500)
    with pytest.raises(OSError, match="ermission"):
        save(Settings(), path)
    path.parent.chmod(0o700)
    assert load(path) == (FULL, None)


def test_f05_two_programs_that_save_at_once_leave_one_whole_file(path: Path) -> None:
    """F05: whoever is last wins, entirely."""
    values = [replace(FULL, sentence=str(number) * 5000) for number in range(2)]

    def write(value: Settings) -> None:
        for _ in range(30):
            save(value, path)

    threads = [threading.Thread(target=write, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found, notice = load(path)
    assert notice is None
    assert found in values


def test_recent_folders_are_ten_newest_first() -> None:
    """Opened again, a folder comes to the front and stands there once."""
    found = Settings()
    for number in [*range(12), 5]:
        found = found.with_recent(str(number))
    assert found.recent == ("5", "11", "10", "9", "8", "7", "6", "4", "3", "2")
    assert found.checkpoint == "5"
