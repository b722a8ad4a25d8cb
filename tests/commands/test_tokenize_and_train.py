from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from attnviz import places
from attnviz.app import main
from tests.text import bpe_subjects as subjects

BERT = places.checkpoints() / "bert-l6-h384-en" / "tokenizer.json"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(subjects.MIXED, encoding="utf-8")
    return path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one sentence on standard error."""
    try:
        status = main(words)
    except SystemExit as end:
        status = int(end.code)
    said = capsys.readouterr().err
    assert status == 2
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def test_tokenize_gives_the_librarys_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    """Pieces, ids and spans are the library's, special tokens included; steps only when asked for."""
    text = "Unaffable café 今天 👍🏽!"
    encoding = Tokenizer.from_file(str(BERT)).encode(text)
    found = answer(capsys, "tokenize", text)
    assert (found["pieces"], found["ids"], found["steps"]) == (encoding.tokens, encoding.ids, [])
    assert [tuple(span) for span in found["spans"][1:-1]] == encoding.offsets[1:-1]
    assert found["spans"][0] is found["spans"][-1] is None


def test_tokenize_shows_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    """--steps gives the stages in order, as JSON and as lines."""
    stages = [step["stage"] for step in answer(capsys, "tokenize", "unaffable", "--steps")["steps"]]
    assert stages == ["normalised", "pre-tokens", *["longest match"] * 3, "pieces", "special tokens"]
    assert main(["tokenize", "unaffable", "--steps"]) == 0
    assert "una | ##ffa | ble" in capsys.readouterr().out


@pytest.mark.parametrize("alphabet", ["chars", "bytes"])
def test_train_bpe_gives_the_librarys_merges(alphabet: str, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The merges of a file are those of the library's trainer on that file; the saved tokenizer loads with these ids."""
    out = corpus.with_name("tokenizer.json")
    found = answer(capsys, "train-bpe", str(corpus), "--merges", "60", "--alphabet", alphabet, "--out", str(out))
    authority = subjects.trained(subjects.MIXED, 60, alphabet, "gpt2" if alphabet == "bytes" else "words")
    assert [tuple(merge["pair"]) for merge in found["merges"]] == subjects.merges_of(authority)
    assert [merge["rank"] for merge in found["merges"]] == list(range(60))
    assert all("".join(merge["pair"]) == merge["piece"] and merge["count"] > 0 for merge in found["merges"])
    text = "lowest rivers 天气"
    ids = [number for number in Tokenizer.from_file(str(out)).encode(text).ids if authority.id_to_token(number)]
    assert ids == authority.encode(text).ids
    assert (
        answer(capsys, "tokenize", text, "--tokenizer", str(out))["ids"]
        == Tokenizer.from_file(str(out)).encode(text).ids
    )


def test_merges_are_saved_as_a_table(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the ending .csv, --out holds a line a merge."""
    out = corpus.with_suffix(".csv")
    assert main(["train-bpe", str(corpus), "--merges", "3", "--out", str(out)]) == 0
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
    assert "wrote" in capsys.readouterr().out


@pytest.mark.parametrize("merges", ["0", "-1", "1000000000", "many"])
def test_numbers_of_merges_without_sense(merges: str, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """X14: refused in a sentence, before anything is read."""
    assert "merges" in refusal(capsys, "train-bpe", str(corpus), "--merges", merges)


def _bad_files(folder: Path) -> dict[str, Path]:
    contents = {"empty": b"", "one": b"aaa a", "binary": b"\xff\xfe\x00\x01", "nul": b"a\0b"}
    paths = {name: folder / name for name in (*contents, "missing", "folder", "large")}
    for name, content in contents.items():
        paths[name].write_bytes(content)
    paths["folder"].mkdir()
    with paths["large"].open("wb") as stream:
        stream.truncate(100_000_000)
    if hasattr(os, "mkfifo"):
        paths["pipe"] = folder / "pipe"
        os.mkfifo(paths["pipe"])
    return paths


def test_bad_corpora_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Empty, one character, binary, missing, a folder, a pipe, 100 MB: one sentence each, at once."""
    said = {
        name: refusal(capsys, "train-bpe", str(path), "--merges", "5") for name, path in _bad_files(tmp_path).items()
    }
    assert len(set(said.values())) == len(said)


def test_bad_tokenizers_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A broken, missing, huge or explosive tokenizer.json, a folder without one, a pipe: one sentence each."""
    paths = _bad_files(tmp_path)
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    paths["broken"] = tmp_path / "broken.json"
    paths["explosive"] = tmp_path / "explosive.json"
    split = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
    model = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
    paths["explosive"].write_text(json.dumps({"pre_tokenizer": split, "model": model}), encoding="utf-8")
    for path in paths.values():
        sentence = refusal(capsys, "tokenize", "a" * 40 + "!", "--tokenizer", str(path))
        assert "text file" not in sentence
        assert "take a part" not in sentence


def test_two_tokenizers_at_once_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A checkpoint and a file contradict each other."""
    assert "not both" in refusal(capsys, "tokenize", "x", "--checkpoint", "x", "--tokenizer", "y")


def test_odd_texts_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """X01, X04: nothing, white space and half characters are answered, not refused."""
    assert answer(capsys, "tokenize", "")["pieces"] == ["[CLS]", "[SEP]"]
    assert answer(capsys, "tokenize", " \n")["pieces"] == ["[CLS]", "[SEP]"]
    assert main(["tokenize", "a\ud800b"]) == 0
    assert "replaced" in capsys.readouterr().err


def test_neither_command_imports_torch(corpus: Path) -> None:
    """Tokenizing and learning are at hand before any model could be."""
    program = (
        "import sys; from attnviz.app import main; "
        f"main(['tokenize', 'low']); main(['train-bpe', {str(corpus)!r}, '--merges', '2']); "
        "sys.exit('torch' in sys.modules or 'PySide6' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0
