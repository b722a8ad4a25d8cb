"""``attnviz decode``: the promised JSON and arrays, with the numbers of a computation by hand on the shipped weights."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from attnviz.models import shelf
from tests.commands.by_hand import Translator, softmax
from tests.commands.conftest import Run
from tests.translators import write_translator

WORD = "nationality"
STEP_KEYS = ["token", "id", "probability", "choice", "weights", "scores", "candidates"]


@pytest.fixture(scope="module")
def folder() -> Path:
    """The shipped checkpoint with dot attention."""
    return next(path for path in shelf.translators() if path.name == "spelling-dot")


@pytest.fixture
def authority(folder: Path) -> Translator:
    return Translator.of(folder)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose beam can be searched by brute force."""
    return write_translator(tmp_path_factory.mktemp("decode") / "tiny", "dot", 6, longest=4)


def test_the_answer_has_the_promised_form(run: Run) -> None:
    """By name from the list; every key in its place, and nothing on standard error."""
    outcome = run("decode", WORD, "--checkpoint", "spelling-dot", "--json")
    assert (outcome.status, outcome.err) == (0, "")
    answer = outcome.json
    assert list(answer) == ["source", "output", "text", "score", "steps"]
    assert answer["source"] == list(WORD)
    assert answer["text"].split() == answer["output"]
    steps = answer["steps"]
    assert [step["token"] for step in steps] == [*answer["output"], "</s>"]
    for step in steps:
        assert list(step) == STEP_KEYS
        assert step["choice"] == "greedy"
        assert len(step["weights"]) == len(step["scores"]) == len(WORD)
        assert len(step["candidates"]) == 10
        assert list(step["candidates"][0]) == ["id", "token", "probability"]
        assert step["candidates"][0]["token"] == step["token"]


def test_the_numbers_are_those_of_a_computation_by_hand(run: Run, folder: Path, authority: Translator) -> None:
    """Words, probabilities, scores, weights and candidates, to 1e-5 of numpy in double precision."""
    answer = run("decode", WORD, "--checkpoint", folder, "--json").json
    words = authority.decode(WORD)
    assert [step["token"] for step in answer["steps"]] == words
    probabilities = authority.probabilities(words)
    assert answer["score"] == pytest.approx(sum(map(math.log, probabilities)), abs=1e-4)
    for place, step in enumerate(answer["steps"]):
        assert step["probability"] == pytest.approx(probabilities[place], abs=1e-5)
        np.testing.assert_allclose(step["scores"], authority.made["scores"][place], rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(step["weights"], authority.made["weights"][place], atol=1e-5)
        rows = softmax(authority.made["logits"][place])
        best = np.argsort(-rows)[:10]
        assert [entry["id"] for entry in step["candidates"]] == best.tolist()
        np.testing.assert_allclose([entry["probability"] for entry in step["candidates"]], rows[best], atol=1e-5)


def test_the_archive_holds_every_intermediate_a_row_a_step(
    run: Run, folder: Path, authority: Translator, tmp_path: Path
) -> None:
    """Names and shapes as promised, numbers by hand."""
    target = tmp_path / "x.npz"
    outcome = run("decode", WORD, "--checkpoint", folder, "--out", target)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == f"wrote {target}\n"
    words, config = authority.decode(WORD), authority.config
    steps, source, width = len(words), len(WORD), config["decoder_width"]
    with np.load(target, allow_pickle=False) as found:
        arrays = dict(found)
    shapes = {
        "encoder": (source, config["encoder_width"]),
        "fixed": (width,),
        "source": (source,),
        "output": (steps,),
        "ids": (steps,),
        "probability": (steps,),
        "embedded": (steps, config["embedding"]),
        "attentional": (steps, config["embedding"]),
        **dict.fromkeys(("hidden", "reset", "update", "candidate"), (steps, width)),
        "context": (steps, config["encoder_width"]),
        "logits": (steps, config["target_vocabulary"]),
        "scores": (steps, source),
        "weights": (steps, source),
    }
    assert {name: array.shape for name, array in arrays.items()} == shapes
    assert arrays["output"].tolist() == words
    states, fixed = authority.encode(WORD)
    np.testing.assert_allclose(arrays["encoder"], states, atol=1e-5)
    np.testing.assert_allclose(arrays["fixed"], fixed, atol=1e-5)
    for name, rows in authority.made.items():
        np.testing.assert_allclose(arrays[name], np.stack(rows), rtol=1e-5, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(arrays["weights"].sum(-1), 1, atol=1e-5)


def test_without_attention_there_is_no_attention_to_write(run: Run, tmp_path: Path) -> None:
    """Empty rows in the JSON, and the archive lacks scores, weights and context."""
    target = tmp_path / "x.npz"
    answer = run("decode", WORD, "--checkpoint", "spelling-none", "--json", "--out", target).json
    assert all(step["weights"] == step["scores"] == [] for step in answer["steps"])
    with np.load(target) as found:
        assert not {"scores", "weights", "context"} & set(found)
        assert len(found["hidden"]) == len(answer["steps"])


def test_an_answer_is_forced_to_begin(run: Run, folder: Path, authority: Translator) -> None:
    """The rest is what the authority says after that beginning."""
    answer = run("decode", WORD, "--checkpoint", folder, "--force", "S AE", "--json").json
    assert [step["token"] for step in answer["steps"]] == authority.decode(WORD, ("S", "AE"))
    assert [step["choice"] for step in answer["steps"]][:3] == ["forced", "forced", "greedy"]


def test_a_target_is_followed_to_its_end(run: Run, folder: Path, authority: Translator) -> None:
    """The probability of each given word, the end sign last."""
    words = ["N", "EY", "SH", "AH", "N", "</s>"]
    answer = run("decode", WORD, "--checkpoint", folder, "--target", "N EY SH AH N", "--json").json
    assert [step["token"] for step in answer["steps"]] == authority.decode(WORD, tuple(words)) == words
    np.testing.assert_allclose(
        [step["probability"] for step in answer["steps"]], authority.probabilities(words), atol=1e-5
    )


def test_hidden_letters_get_nothing(run: Run, folder: Path, authority: Translator) -> None:
    """Their score is null, for JSON has no minus infinity, and their weight 0; the rest is by hand."""
    answer = run("decode", WORD, "--checkpoint", folder, "--hide", 4, "--hide", 5, "--json").json
    assert [step["token"] for step in answer["steps"]] == authority.decode(WORD, hidden=(4, 5))
    for place, step in enumerate(answer["steps"]):
        assert step["scores"][4:6] == [None, None]
        assert step["weights"][4:6] == [0, 0]
        np.testing.assert_allclose(step["weights"], authority.made["weights"][place], atol=1e-5)


def test_a_seed_repeats_a_draw(run: Run, folder: Path) -> None:
    """The same words twice, other ones from other seeds."""

    def drawn(seed: int) -> list[str]:
        words = ("--temperature", 2, "--seed", seed, "--json")
        found: list[str] = run("decode", WORD, "--checkpoint", folder, *words).json["output"]
        return found

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(4)}) > 1


def test_a_beam_as_wide_as_it_gets_finds_what_brute_force_finds(run: Run, small: Path) -> None:
    """All outputs of at most four words, scored one by one: none is better than the beam's best."""
    authority = Translator.of(small)
    answer = run("decode", "ab", "--checkpoint", small, "--beam", 10, "--json").json
    best, scores = answer["beam"][0], [entry["score"] for entry in answer["beam"]]
    assert scores == sorted(scores, reverse=True)
    assert answer["score"] == pytest.approx(best["log_probability"], abs=1e-5)
    end = authority.target[2]
    others = [word for word in authority.target if word != end]
    outputs = [
        (*words, *last)
        for length in range(4)
        for words in product(others, repeat=length)
        for last in ([(end,)] if length < 3 else [(end,), *((word,) for word in others)])
    ]
    totals = {}
    for output in outputs:
        made = authority.decode("ab", output, limit=4)
        assert made == list(output)
        totals[output] = sum(map(math.log, authority.probabilities(made)))
    found = tuple(best["output"])
    assert totals[found] == pytest.approx(best["log_probability"], abs=1e-4)
    assert totals[found] == pytest.approx(max(totals.values()), abs=1e-4)


def test_a_beam_of_one_is_greedy(run: Run, folder: Path) -> None:
    """Word for word."""
    greedy, beam = (run("decode", WORD, "--checkpoint", folder, *words, "--json").json for words in ((), ("--beam", 1)))
    assert beam["output"] == greedy["output"]
    assert beam["score"] == pytest.approx(greedy["score"], abs=1e-5)


def test_a_penalty_divides_the_scores(run: Run, folder: Path) -> None:
    """Wu et al. 2016, equation 14."""
    answer = run("decode", WORD, "--checkpoint", folder, "--beam", 4, "--penalty", 0.6, "--json").json
    assert len(answer["beam"]) == 4
    for entry in answer["beam"]:
        expected = entry["log_probability"] / ((5 + len(entry["output"])) / 6) ** 0.6
        assert entry["score"] == pytest.approx(expected, abs=1e-6)


def test_an_answer_that_is_cut_says_so(run: Run, folder: Path) -> None:
    """On standard error, so that the JSON stays JSON."""
    outcome = run("decode", WORD, "--checkpoint", folder, "--limit", 3, "--json")
    assert len(outcome.json["steps"]) == 3
    assert "Stopped after 3 words without an end sign" in outcome.err


def test_unknown_letters_are_said(run: Run, folder: Path) -> None:
    """Read as unknown, with their names."""
    outcome = run("decode", "na7ion", "--checkpoint", folder, "--json")
    assert outcome.status == 0
    assert "doesn't know 1 of 6 source tokens (7)" in outcome.err


def test_for_people_there_is_a_line_a_step(run: Run, folder: Path, authority: Translator) -> None:
    """Each with its word and the letter that it looks at most."""
    words = authority.decode(WORD)
    first, *lines, last = run("decode", WORD, "--checkpoint", folder).out.splitlines()
    assert first == f"{' '.join(WORD)}  →  {' '.join(words[:-1])}"
    assert last.startswith("score -")
    for step, (line, word) in enumerate(zip(lines, words, strict=True)):
        most = int(authority.made["weights"][step].argmax())
        assert line.split()[1] == word
        assert f"looks at {WORD[most]} ({most})" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("",), "nothing to decode"),
        ((" \t",), "nothing to decode"),
        (("a", "--checkpoint", "nowhere"), "no checkpoint or folder 'nowhere'"),
        (("a", "--checkpoint", "bert-l6-h384-en"), "has no decoder"),
        (("a", "--beam", "0"), "1 to 10 wide, not 0"),
        (("a", "--beam", "11"), "1 to 10 wide, not 11"),
        (("a", "--beam", "many"), "many"),
        (("a", "--beam", "2", "--penalty", "nan"), "between 0 and 10, not nan"),
        (("a", "--beam", "2", "--target", "N"), "--beam"),
        (("a", "--beam", "2", "--hide", "0"), "--beam"),
        (("a", "--beam", "2", "--temperature", "1"), "--beam"),
        (("a", "--out", "x.txt"), ".npz, not '.txt'"),
        (("a", "--hide", "99"), "none at 99"),
        (("a", "--hide", "-1"), "not -1"),
        (("a", "--hide", "0"), "every source token would be hidden"),
        (("a", "--force", "N", "--target", "N"), "not both"),
        (("a", "--force", "ZZ"), "lacks a part of 'ZZ'"),
        (("a", "--target", "N ZZ"), "lacks a part of 'N ZZ'"),
        (("a", "--temperature", "nan"), "between 0.01 and 100, not nan"),
        (("a", "--temperature", "0"), "between 0.01 and 100, not 0"),
        (("a", "--temperature", "1", "--seed", "-1"), "0 to 4294967295, not -1"),
        (("a", "--seed", "3"), "--seed belongs to --temperature"),
        (("a", "--penalty", "1"), "--penalty belongs to --beam"),
        (("a", "--limit", "0"), "between 1 and 40 words, not 0"),
        (("a", "--limit", "41"), "between 1 and 40 words, not 41"),
        (("a", "--top", "0"), "at least 1, not 0"),
    ],
    ids=lambda value: " ".join(value) or "empty" if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    """Exit status 2 and one sentence with the value; nothing is written."""
    monkeypatch.chdir(tmp_path)
    chosen = () if "--checkpoint" in words else ("--checkpoint", "spelling-dot")
    assert said in run("decode", *words, *chosen).refusal()
    assert list(tmp_path.iterdir()) == []


def test_without_a_translator_that_ships_one_must_be_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Said, and with a folder it goes."""
    monkeypatch.setattr(shelf, "translators", lambda: ())
    assert "name a checkpoint folder" in run("decode", "a").refusal()
