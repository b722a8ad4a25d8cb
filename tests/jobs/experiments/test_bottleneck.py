"""The bottleneck: every curve against answers that were decoded word by word, on five tiny models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnviz import places
from attnviz.errors import CheckpointError, TextError
from attnviz.jobs.decode import Decode
from attnviz.jobs.experiments.bottleneck import FIXED, MODELS, Bottleneck
from attnviz.jobs.experiments.bottleneck_figures import ANSWERS, FALL, GAINED, PHONES, WORDS, Outcome, sentences
from attnviz.jobs.experiments.error_rate import Judged
from attnviz.jobs.experiments.spelling import HELD_OUT, drawn, held_out
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.edit_distance import edit_distance
from attnviz.trace import Conclusion, Decoding, Plot, Progress, Rows, Trace
from tests.jobs.test_decode_transformer import lively, write
from tests.translators import write_translator

SAID = {
    "cat": "A B", "dog": "B", "sea": "C C\tA", "mat": "D",
    "tree": "A B C D", "bird": "B B\tB B B", "lake": "D C",
    "mountain": "A A A A", "building": "B D B D B", "sentence": "C",
    "wonderful": "C C C C C C", "different": "A", "beautiful": "D A D A\tB",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five tiny models under the names of the shipped ones, and words, of which the fixed vector has one right."""
    home = tmp_path_factory.mktemp("bottleneck")
    for seed, model in enumerate(MODELS[:-1]):
        write_translator(home / "checkpoints" / f"spelling-{model}", model, seed)
    write(home / "checkpoints" / "spelling-transformer", lively())
    said = dict(SAID)
    for model in MODELS:
        for word in ("dog", "mountain") if model == "general" else ("lake",) if model == FIXED else ():
            said[word] = " ".join(decoded(Library(), home, model, word)) or said[word]
    (home / "samples").mkdir()
    lines = [f"{word}\t{sounds}\n" for word, sounds in said.items()]
    (home / "samples" / HELD_OUT).write_text(f"# A remark.\n{''.join(lines)}", encoding="utf-8")
    return home


@pytest.fixture(autouse=True)
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "checkpoints", lambda: home / "checkpoints")
    monkeypatch.setattr(places, "resources", lambda: home)


@pytest.fixture(scope="module")
def trace(home: Path) -> Trace:
    """All words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "checkpoints", lambda: home / "checkpoints")
        patch.setattr(places, "resources", lambda: home)
        return Trace().plus(*Bottleneck(words=9, long=8).run(Library()))


def decoded(library: Library, home: Path, model: str, word: str) -> tuple[str, ...]:
    """What a model answers, by the job that decodes one source."""
    job = Decode(Reference(str(home / "checkpoints" / f"spelling-{model}")), word)
    found = Trace().plus(*job.run(library)).find(Decoding)
    return tuple(found.vocabulary[index] for index in (found.tokens[:-1] if found.ended else found.tokens))


@pytest.fixture(scope="module")
def by_hand(home: Path, trace: Trace) -> dict[str, dict[str, tuple[int, int]]]:
    """Edits and phones of every model's answer to every word, decoded alone."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    said = [line.split("\t") for line in (home / "samples" / HELD_OUT).read_text().splitlines()[1:]]
    for model in MODELS:
        library = Library()
        found[model] = {}
        for word, *ways in said:
            answer = decoded(library, home, model, word)
            found[model][word] = min((edit_distance(answer, way.split()), len(way.split())) for way in ways)
    return found


def curve(trace: Trace, plot: str, name: str):
    return next(series for series in trace.find(Plot, plot).series if series.name == name)


def of(by_hand, model: str, letters: int) -> list[tuple[int, int]]:
    return [found for word, found in by_hand[model].items() if len(word) == letters]


def test_every_point_is_what_words_decoded_alone_give(trace: Trace, by_hand) -> None:
    """Shares of right words with binomial errors, and edits per phone, of each model at each length."""
    for model in MODELS:
        right, phones = curve(trace, WORDS, model), curve(trace, PHONES, model)
        assert right.places.tolist() == phones.places.tolist() == [3, 4, 8, 9]
        for place, letters in enumerate((3, 4, 8, 9)):
            own = of(by_hand, model, letters)
            share = sum(edits == 0 for edits, _ in own) / len(own)
            assert right.values[place] == pytest.approx(100 * share)
            error = 100 * (share * (1 - share) / len(own)) ** 0.5
            assert right.high[place] - right.values[place] == pytest.approx(error)
            assert phones.values[place] == pytest.approx(100 * sum(e for e, _ in own) / sum(n for _, n in own))
    assert {value for model in MODELS for value in curve(trace, WORDS, model).values} > {0.0}


@pytest.mark.parametrize("error", ["word error", "phone error"])
def test_gains_are_differences_on_the_same_words(home: Path, by_hand, error: str) -> None:
    """Of the error that was asked for, in points; the fixed vector gains nothing over itself."""
    found = Trace().plus(*Bottleneck(words=9, long=8, error=error).run(Library()))
    names = [series.name for series in found.find(Plot, GAINED).series]
    assert names == list(MODELS)

    def rate(model: str, letters: int) -> float:
        own = of(by_hand, model, letters)
        if error == "word error":
            return float(np.mean([edits > 0 for edits, _ in own]))
        return sum(edits for edits, _ in own) / sum(phones for _, phones in own)

    for model in MODELS:
        expected = [100 * (rate(FIXED, letters) - rate(model, letters)) for letters in (3, 4, 8, 9)]
        assert curve(found, GAINED, model).values == pytest.approx(expected)


def test_the_table_has_short_words_and_long_ones(trace: Trace, by_hand) -> None:
    """Word and phone error of all, of those up to 6 letters and of those from 8 on, in per cent."""
    for row in trace.find(Rows, FALL).table.rows:
        model, count, *rates = row
        groups = [
            by_hand[model],
            *[{w: f for w, f in by_hand[model].items() if (len(w) >= 8) is long} for long in (False, True)],
        ]
        words = [100 * np.mean([edits > 0 for edits, _ in own.values()]) for own in groups]
        phones = [100 * sum(e for e, _ in own.values()) / sum(n for _, n in own.values()) for own in groups]
        assert count == len(SAID)
        assert rates == pytest.approx([words[0], phones[0], *words[1:], *phones[1:]])


def test_the_words_on_which_models_differ_stand_there_with_their_answers(home: Path, trace: Trace, by_hand) -> None:
    """The longest first, with the fixed vector's answer and who was right."""
    table = trace.find(Rows, ANSWERS).table
    expected = [word for word in SAID if len({by_hand[model][word][0] == 0 for model in MODELS}) == 2]
    assert expected
    assert {row[0] for row in table.rows} == set(expected)
    assert [len(row[0]) for row in table.rows] == sorted((len(word) for word in expected), reverse=True)
    for word, _, said, right in table.rows:
        assert right == ", ".join(model for model in MODELS if by_hand[model][word][0] == 0)
        assert said == ("right" if FIXED in right else " ".join(decoded(Library(), home, FIXED, word)))


def test_the_conclusion_has_the_numbers_of_the_run(trace: Trace, by_hand) -> None:
    """From short to long for the fixed vector, and the word error of all."""
    told = trace.find(Conclusion).sentences
    assert len(told) == 4
    short, long = ([f[0] > 0 for w, f in by_hand[FIXED].items() if (len(w) >= 8) is long] for long in (False, True))
    assert f"none {np.mean(short) * 100:.1f} % → {np.mean(long) * 100:.1f} %" in told[0]
    assert f"on all {len(SAID)} words: none {np.mean([*short, *long]) * 100:.1f} %" in told[3]


def outcome(long_errors: dict[str, int]) -> Outcome:
    """A hundred short words, of which everyone has ten wrong, and a hundred long ones."""
    found = Outcome(FIXED, 13, "word error")
    for model, errors in long_errors.items():
        found.judged[model] = {
            5: [Judged(int(place < 10), 4) for place in range(100)],
            13: [Judged(int(place < errors), 10) for place in range(100)],
        }
    return found


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ({"none": 60, "dot": 20, "general": 20}, "all gain more on the long ones"),
        ({"none": 60, "dot": 20, "general": 60}, "only dot gains more"),
        ({"none": 60, "dot": 60, "general": 80}, "this run does not show that length is what hurts"),
    ],
)
def test_the_verdict_is_what_was_seen(errors: dict[str, int], said: str) -> None:
    """Also where it is not the textbook's."""
    assert said in sentences(outcome(errors))[2]


def test_curves_grow_word_by_word(home: Path) -> None:
    """The first plots are empty, each later one has a point more; there is progress in between."""
    records = list(Bottleneck(words=2, long=8).run(Library()))
    points = [sum(map(len, record.series)) for record in records if isinstance(record, Plot) and record.name == WORDS]
    assert points == list(range(21))
    done = [record.done for record in records if isinstance(record, Progress) and record.total == 40]
    assert done == sorted(done)
    assert set(done) == set(range(0, 40, 2))


def test_the_same_seed_draws_the_same_words(home: Path) -> None:
    """In the order of the file, as many as there are at most."""
    words = held_out()
    assert drawn(words, 2, 1) == drawn(words, 2, 1)
    assert drawn(words, 2, 1) != drawn(words, 2, 2)
    assert drawn(words, 100, 3) == words
    assert [len(alike) for alike in drawn(words, 3, 0).values()] == [3, 3, 3, 3]


def test_a_missing_model_or_file_is_said_in_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What, and which; a word without a sound is refused too."""
    monkeypatch.setattr(places, "checkpoints", lambda: home / "samples")
    with pytest.raises(CheckpointError, match="spelling-none"):
        list(Bottleneck(words=2).run(Library()))
    monkeypatch.setattr(places, "resources", lambda: tmp_path)
    with pytest.raises(TextError, match=HELD_OUT):
        held_out()
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / HELD_OUT).write_text("cat\tA\ndog\n")
    with pytest.raises(TextError, match="word without a sound: 'dog'"):
        held_out()
