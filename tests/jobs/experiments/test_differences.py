"""The differences: scores, counts and areas against answers and arithmetic one by one, on tiny models under the shipped names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attnviz import places
from attnviz.jobs.compare_objectives import CompareObjectives
from attnviz.jobs.decode import Decode
from attnviz.jobs.experiments.differences import Differences
from attnviz.jobs.experiments.differences_figures import COSTS, FAST, MEASURED, READS, SHIPPED, auc, f1
from attnviz.jobs.experiments.spelling import HELD_OUT
from attnviz.jobs.mask_text import MaskText
from attnviz.jobs.predict_sampled import PredictSampled
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Candidates, Conclusion, Decoding, Masking, Notice, Objective, Rows, Sampled, Trace
from attnviz.trace.objectives import ELECTRA
from tests import family
from tests.jobs.test_decode_transformer import lively, write
from tests.records import run
from tests.translators import write_translator

TEXT = "the cat sat on a mat and the dog sat in it"
SIZES = {"words": 5, "draws": 3, "repeats": 2}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six tiny models, and words of which each encoder–decoder has at least one right."""
    home = tmp_path_factory.mktemp("differences")
    shelf = home / "checkpoints"
    write_translator(shelf / "spelling-none", "none", 0)
    write_translator(shelf / "spelling-general", "general", 1)
    write(shelf / "spelling-transformer", lively())
    for name, kind in (
        ("BERT", "BertForPreTraining"),
        ("RoBERTa", "RobertaForMaskedLM"),
        ("ELECTRA", "ElectraForPreTraining"),
    ):
        family.write(shelf / SHIPPED[name], kind)
    (home / "samples").mkdir()
    (home / "samples" / "the_low_country.txt").write_text(TEXT, encoding="utf-8")
    said = [said_by(home, name, word) for name, word in (("seq2seq", "cat"), ("Transformer", "sea"))]
    words = f"cat\t{said[0]}\nsea\t{said[1]}\nlake\tA B D\tC\n"
    (home / "samples" / HELD_OUT).write_text(words, encoding="utf-8")
    return home


@pytest.fixture(autouse=True)
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "checkpoints", lambda: home / "checkpoints")
    monkeypatch.setattr(places, "resources", lambda: home)


def reference(home: Path, name: str) -> Reference:
    return Reference(str(home / "checkpoints" / SHIPPED[name]))


def said_by(home: Path, name: str, word: str) -> str:
    found = Trace().plus(*Decode(reference(home, name), word).run(Library())).find(Decoding)
    return " ".join(found.vocabulary[index] for index in (found.tokens[:-1] if found.ended else found.tokens)) or "A"


def measured(trace: Trace) -> dict[str, dict[str, Any]]:
    """The rows of both measured tables by the model's name."""
    found: dict[str, dict[str, Any]] = {}
    for name in (MEASURED, FAST):
        table = trace.find(Rows, name).table
        for row in table.rows:
            found.setdefault(str(row[0]), {}).update(zip(table.columns, row, strict=True))
    return found


@pytest.fixture(scope="module")
def trace(home: Path) -> Trace:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "checkpoints", lambda: home / "checkpoints")
        patch.setattr(places, "resources", lambda: home)
        return Trace().plus(*Differences(**SIZES).run(Library()))


def test_words_are_those_that_are_right_when_decoded_alone(trace: Trace, home: Path) -> None:
    """Shares of the same words, and one supervised position for every phone and the end."""
    lines = [line.split("\t") for line in (home / "samples" / HELD_OUT).read_text().splitlines()]
    for name in ("seq2seq", "+ attention", "Transformer"):
        own = measured(trace)[name]
        right = sum(said_by(home, name, word) in ways for word, *ways in lines)
        assert own["score %"] == pytest.approx(100 * right / 3)
        assert own["supervised"] == pytest.approx(sum(len(ways[0].split()) + 1 for _, *ways in lines) / 3)
        assert own["of"] == 3
    assert measured(trace)["seq2seq"]["score %"] > 0


@pytest.mark.parametrize("name", ["BERT", "RoBERTa"])
def test_masked_pieces_are_those_predicted_draw_by_draw(trace: Trace, home: Path, name: str) -> None:
    """By the jobs that mask a text and predict it, where the text is one passage."""
    library, masks = Library(), Masking(0.15, (1.0, 0.0, 0.0))
    ranks, pieces = [], 0
    for epoch in range(3):
        asked = MaskText(reference(home, name), TEXT, masking=masks, epoch=epoch)
        pieces = run(library, asked).find(Sampled).candidates
        predicted = PredictSampled(reference(home, name), TEXT, masking=masks, epoch=epoch)
        ranks += [each.rank for each in run(library, predicted).every(Candidates)]
    own = measured(trace)[name]
    assert own["of"] == len(ranks)
    assert own["score %"] == pytest.approx(100 * np.mean(np.array(ranks) == 1))
    assert own["supervised"] == pytest.approx(len(ranks) / 3)
    assert own["% of text"] == pytest.approx(100 * len(ranks) / 3 / pieces)


def test_replaced_words_are_judged_at_every_position(trace: Trace, home: Path) -> None:
    """As many as the comparison of objectives judges; an area and an F1 that are shares."""
    player = CompareObjectives(TEXT, electra=reference(home, "ELECTRA"), generator=reference(home, "BERT"), draws=3)
    found = run(Library(), player).find(Objective, ELECTRA)
    own = measured(trace)["ELECTRA"]
    assert own["of"] == found.supervised
    assert own["% of text"] == 100
    assert own["parameters"] == found.parameters


def test_area_and_f1_are_counted_pair_by_pair() -> None:
    """Every replaced word against every other; ties count half. Nothing to tell is no number."""
    chance = np.random.default_rng(3)
    logits, replaced = chance.integers(-3, 4, 40).astype(float), chance.random(40) < 0.3
    pairs = [(a > b) + (a == b) / 2 for a in logits[replaced] for b in logits[~replaced]]
    assert auc(logits, replaced) == pytest.approx(np.mean(pairs))
    caught = sum(a >= 0 and b for a, b in zip(logits, replaced, strict=True))
    precision, recall = caught / sum(logits >= 0), caught / sum(replaced)
    assert f1(logits, replaced) == pytest.approx(2 * precision * recall / (precision + recall))
    assert auc(logits, np.zeros(40, dtype=bool)) is None
    assert f1(np.full(2, -1.0), np.zeros(2, dtype=bool)) is None


def test_every_model_is_timed_and_stands_in_both_theories(trace: Trace) -> None:
    """Positive times; tiny encoders are timed as far as they can read; the conclusion has the table's numbers."""
    own = measured(trace)
    names = [row[0] for row in trace.find(Rows, READS).table.rows]
    assert names == [row[0] for row in trace.find(Rows, COSTS).table.rows] == list(own) == list(SHIPPED)
    assert all(each["word or sentence (ms)"] > 0 and each["long input (ms)"] > 0 for each in own.values())
    said = " ".join(trace.find(Conclusion).sentences)
    assert (
        f"Transformer {own['Transformer']['long input (ms)']:.3g} ms (512), BERT {own['BERT']['long input (ms)']:.3g} ms ("
        in said
    )
    assert f"ELECTRA {own['ELECTRA']['supervised']:.1f} (100.0 %)" in said
    assert "compare with none of these" in said


@pytest.mark.parametrize(("gone", "left_out"), [("ELECTRA", ["ELECTRA"]), ("BERT", ["BERT", "ELECTRA"])])
def test_what_does_not_ship_is_left_out(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str, left_out: list[str]
) -> None:
    """With a notice; without BERT nothing spoils a text for ELECTRA."""
    for folder in (home / "checkpoints").iterdir():
        if folder.name != SHIPPED[gone]:
            (tmp_path / folder.name).symlink_to(folder, target_is_directory=True)
    monkeypatch.setattr(places, "checkpoints", lambda: tmp_path)
    trace = Trace().plus(*Differences(**SIZES).run(Library()))
    assert list(measured(trace)) == [name for name in SHIPPED if name not in left_out]
    for name in left_out:
        assert f"'{SHIPPED[gone]}' does not ship" in trace.find(Notice, SHIPPED[name]).sentence
    assert not any(f"{gone} " in said for said in trace.find(Conclusion).sentences[1:3])


def test_nothing_shipped_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The theory still stands."""
    monkeypatch.setattr(places, "checkpoints", lambda: tmp_path)
    trace = Trace().plus(*Differences(**SIZES).run(Library()))
    assert measured(trace) == {}
    assert "none ships" in trace.find(Conclusion).sentences[0]


def test_the_same_seed_gives_the_same_run(trace: Trace) -> None:
    """Times excepted."""
    again = measured(Trace().plus(*Differences(**SIZES).run(Library())))
    for name, own in measured(trace).items():
        assert {key: value for key, value in own.items() if not key.endswith("(ms)")} == {
            key: value for key, value in again[name].items() if not key.endswith("(ms)")
        }


def test_it_stops_where_it_is_closed() -> None:
    """Nothing is measured after the generator is closed."""
    job = Differences(**SIZES).run(Library())
    for _ in range(8):
        next(job)
    job.close()
    assert list(job) == []
