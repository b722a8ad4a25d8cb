"""What the commands refuse: exit status 2, one sentence on standard error, nothing on standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.badinputs.valid import write_bert_folder, write_json
from tests.commands.conftest import Run

pytestmark = pytest.mark.usefixtures("_offscreen")


@pytest.fixture
def _offscreen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bogus",), "no checkpoint or folder 'bogus'"),
        (("--bogus",), "unrecognized arguments: --bogus"),
        (("list", "--bogus"), "--bogus"),
        (("list", "more"), "more"),
        (("--quit-after", "nan"), "--quit-after"),
        (("--quit-after", "inf"), "--quit-after"),
        (("--quit-after", "-1"), "--quit-after"),
        (("fill-mask",), "TEXT"),
        (("fill-mask", "[MASK]", "--top", "many"), "many"),
        (("fill-mask", "[MASK]", "--top", "0"), "between 1 and 1000, not 0"),
        (("fill-mask", "[MASK]", "--top", "-1"), "between 1 and 1000, not -1"),
        (("fill-mask", "[MASK]", "--top", "1000000000"), "between 1 and 1000"),
        (("fill-mask", "[MASK]", "--top", "9" * 5000), "--top"),
        (("fill-mask", "[MASK]", "--che", "x"), "--che"),
        (("fill-mask", "[MASK]", "--checkpoint", "no/such"), "no/such"),
        (("fill-mask", "[MASK]", "--checkpoint", "a\0b"), "a\\x00b"),
        (("fill-mask", "[MASK]", "--checkpoint", "\ud800"), "\\ud800"),
        (("fill-mask", "[MASK]", "--checkpoint", "x" * 5000), "xxx"),
        (("inspect", "a"), "--out"),
        (("inspect", "--out", "x.npz"), "TEXT"),
        (("inspect", "a", "--out", "x.npz", "--layer", "1"), "--head"),
        (("inspect", "a", "--out", "x.npz", "--head", "1"), "--layer"),
        (("inspect", "a", "--out", "x.txt"), ".npz"),
        (("inspect", "a", "--out", "x"), ".npz"),
        (("inspect", "a", "--out", "x.npz", "--layer", "0", "--head", "0"), ".svg, .png, .pdf or .csv"),
        (("inspect", "a", "--out", "x.svg", "--layer", "a", "--head", "0"), "--layer"),
        (("inspect", "a", "--out", "x.svg", "--layer", "0", "--head", "0", "--kind", "odd"), "odd"),
        (("screenshot", "masking", "x.png", "--size", "-1x800"), "--size"),
        (("screenshot",), "TAB"),
        (("screenshot", "masking"), "FILE.png"),
        (("screenshot", "masking", "x.jpg"), ".png"),
        (("screenshot", "nowhere", "x.png"), "masking, inspector"),
        (("screenshot", "masking", "x.png", "--theme", "pink"), "pink"),
        *(
            (("screenshot", "masking", "x.png", "--size", size), "WxH")
            for size in ("0x0", "1280", "1280x", "99999x800", "100000x1", "axb", "1280X800", "1e3x800", "")
        ),
    ],
    ids=lambda value: (
        " ".join(value).encode("ascii", "backslashreplace").decode()[:60].replace("\0", "0")
        if isinstance(value, tuple)
        else ""
    ),
)
def test_arguments_that_make_no_sense(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """Refused with the offending word, before anything is computed or written."""
    monkeypatch.chdir(tmp_path)
    assert said in run(*words).refusal()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no tokens"), (" \t\n ", "no tokens"), ("\ue000", "no tokens"), ("no mask here", "no [MASK]"), ("[mask] [ MASK ]", "no [MASK]")],
    ids=["empty", "blank", "private use", "no mask", "not quite a mask"],
)  # fmt: skip
def test_x01_x10_texts_without_an_answer(run: Run, tiny: Path, text: str, said: str) -> None:
    """X01, X10: nothing to compute on, or nothing to predict."""
    assert said in run("fill-mask", text, "--checkpoint", tiny, "--json").refusal()


@pytest.mark.parametrize("device", ["foo", "cuda:99", "", "cpu cpu", "\0"])
def test_a_device_that_is_not_here(run: Run, tiny: Path, device: str) -> None:
    """Refused with the devices that are."""
    assert "cpu" in run("fill-mask", "[MASK]", "--checkpoint", tiny, "--device", device).refusal()


@pytest.mark.parametrize(("layer", "head"), [(99, 0), (-1, 0), (0, -1), (0, 2), (2, 0), (10**12, 0)], ids=str)
@pytest.mark.parametrize("suffix", [".svg", ".csv"])
def test_a_head_that_does_not_exist(run: Run, tiny: Path, tmp_path: Path, layer: int, head: int, suffix: str) -> None:
    """Refused with the range; nothing is written."""
    target = tmp_path / f"x{suffix}"
    words = ("--layer", layer, "--head", head, "--out", target)
    assert "layers 0 to 1 and heads 0 to 1" in run("inspect", "a cat", "--checkpoint", tiny, *words).refusal()
    assert not target.exists()


def test_a_file_in_a_missing_folder(run: Run, tiny: Path, tmp_path: Path) -> None:
    """The reason is the system's own."""
    target = tmp_path / "missing" / "x.npz"
    assert "No such file" in run("inspect", "a cat", "--checkpoint", tiny, "--out", target).refusal()


def test_a_folder_in_the_place_of_the_file(run: Run, tiny: Path, tmp_path: Path) -> None:
    """A folder named like the file is left alone."""
    target = tmp_path / "x.npz"
    target.mkdir()
    assert "folder" in run("inspect", "a cat", "--checkpoint", tiny, "--out", target).refusal()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_not_be_written(run: Run, tiny: Path, tmp_path: Path) -> None:
    """Named with the reason."""
    tmp_path.chmod(0o500)
    assert "ermission" in run("inspect", "a cat", "--checkpoint", tiny, "--out", tmp_path / "x.npz").refusal()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only where there is /dev/full")
def test_a_device_in_the_place_of_the_file(run: Run, tiny: Path, tmp_path: Path) -> None:
    """A link to a device is not written through."""
    target = tmp_path / "x.npz"
    target.symlink_to("/dev/full")
    assert "ordinary file" in run("inspect", "a cat", "--checkpoint", tiny, "--out", target).refusal()


@pytest.mark.parametrize("name", ["a\0.npz", "\ud800.npz"] if sys.platform != "win32" else ["a\0.npz"])
def test_a_name_that_is_none(run: Run, tiny: Path, tmp_path: Path, name: str) -> None:
    """A NUL or half a character in the file's name."""
    assert "could not be written" in run("inspect", "a cat", "--checkpoint", tiny, "--out", tmp_path / name).refusal()


@pytest.mark.parametrize("command", [("fill-mask", "[MASK]", "--json"), ("inspect", "a", "--out", "x.npz"), ("screenshot", "masking", "x.png")], ids=lambda words: words[0])  # fmt: skip
def test_a_checkpoint_that_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qapp: object, command: tuple[str, ...]
) -> None:
    """The gate's own sentence, from every command that opens a folder."""
    monkeypatch.chdir(tmp_path)
    folder = write_bert_folder(tmp_path / "bad")
    write_json(folder / "config.json", {"model_type": "bert", "hidden_size": 0})
    assert "hidden_size" in run(*command, "--checkpoint", folder).refusal()
    assert [path.name for path in tmp_path.iterdir()] == ["bad"]


def test_pickles_need_consent(run: Run, tmp_path: Path) -> None:
    """The refusal names what may be done about it."""
    folder = write_bert_folder(tmp_path / "old")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert run("fill-mask", "[MASK]", "--checkpoint", folder).refusal()


def test_an_unforeseen_failure_is_one_sentence_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours: no traceback in the terminal, but where the log lies."""

    def broken(_recent: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("attnviz.models.shelf.listings", broken)
    outcome = run("list", "--json")
    assert outcome.status == 2
    assert outcome.out == ""
    assert "ZeroDivisionError" in outcome.err
    assert "attnviz.log" in outcome.err
    assert len(outcome.err.splitlines()) == 1
