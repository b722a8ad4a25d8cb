"""ELECTRA's game: what is masked, what is drawn, what stands there in the end, and what the discriminator says of that."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.errors import AttnvizError, CheckpointError, JobError, TextError
from attnviz.jobs.spoil_and_detect import SpoilAndDetect
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Candidates, Detected, Masking, Notice, Progress, Sampled, Spoiled, Tokens, Trace
from tests.badinputs.valid import pieces, tokenizer_json, write_json
from tests.electras import replaced_logits, write_discriminator
from tests.masked_model import MaskedModel, swayed_folder
from tests.records import run

TEXT = "the cat sat on a mat with a dog in it"
MASK = 4
ALL_MASKED = Masking(1.0, (1.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swayed_folder(tmp_path_factory.mktemp("game") / "bert")


@pytest.fixture(scope="module")
def electra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_discriminator(tmp_path_factory.mktemp("game") / "electra")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.fixture
def game(bert: Path, electra: Path) -> SpoilAndDetect:
    return SpoilAndDetect(Reference(str(bert)), Reference(str(electra)), TEXT, rate=0.5, seed=3)


def spoiled_of(trace: Trace) -> Spoiled:
    found = trace.find(Spoiled)
    assert found is not None
    return found


def test_records_come_in_the_order_of_the_game(library: Library, game: SpoilAndDetect) -> None:
    """Tokens, what was masked, the generator's candidates, what was drawn, what was detected; between them chances to stop."""
    records = [record for record in game.run(library) if not isinstance(record, Progress)]
    kinds = list(dict.fromkeys(type(record) for record in records))
    assert kinds == [Tokens, Sampled, Candidates, Spoiled, Detected]
    everything = list(game.run(library))
    assert sum(isinstance(record, Progress) for record in everything) >= 4  # two layers each


def test_the_draw_stands_where_the_sampler_masked(library: Library, game: SpoilAndDetect) -> None:
    """Same positions as masking alone chooses, all of them masked; nothing else is changed."""
    trace = run(library, game)
    tokens, spoiled, sampled = trace.tokens(), spoiled_of(trace), trace.find(Sampled)
    chosen = [one.position for one in sampled.chosen]
    assert len(chosen) in (5, 6)
    assert {one.shown for one in sampled.chosen} == {MASK}
    assert [one.position for one in spoiled.drawn] == chosen
    for position, number in enumerate(tokens.ids):
        drawn = next((one for one in spoiled.drawn if one.position == position), None)
        assert spoiled.tokens.ids[position] == (number if drawn is None else drawn.word.id)
        assert spoiled.replaced[position] == (spoiled.tokens.ids[position] != number)
    assert spoiled.origins == tuple(range(len(tokens)))


def test_probabilities_and_loss_are_those_of_transformers(library: Library, game: SpoilAndDetect, bert: Path) -> None:
    """With all chosen positions masked at once: p of what was drawn, and the masked-word loss of the originals in nats."""
    trace = run(library, game)
    spoiled, tokens = spoiled_of(trace), trace.tokens()
    masked = [MASK if place in {one.position for one in spoiled.drawn} else n for place, n in enumerate(tokens.ids)]
    authority, losses = MaskedModel(bert), []
    for one in spoiled.drawn:
        logs = authority.at(masked, one.position)
        assert one.word.probability == pytest.approx(float(logs[one.word.id].exp()), abs=1e-5)
        losses.append(-float(logs[one.original]))
        assert trace.find(Candidates, one.position).probability == pytest.approx(math.exp(-losses[-1]), abs=1e-5)
    assert spoiled.loss == pytest.approx(sum(losses) / len(losses), abs=1e-4)


def test_the_discriminator_reads_the_spoiled_text(library: Library, game: SpoilAndDetect, electra: Path) -> None:
    """Its logits are transformers' on the ids as they were spoiled."""
    trace = run(library, game)
    found, spoiled = trace.find(Detected), spoiled_of(trace)
    expected = replaced_logits(electra, spoiled.tokens.ids)[list(found.positions)]
    torch.testing.assert_close(torch.tensor(found.logits), expected, atol=1e-4, rtol=0)


def test_the_same_seed_draws_the_same_and_another_differs(library: Library, game: SpoilAndDetect) -> None:
    """Positions and words; of another seed they are others."""
    first, again = (spoiled_of(run(library, game)) for _ in range(2))
    assert first.drawn == again.drawn
    assert spoiled_of(run(library, replace(game, seed=4))).drawn != first.drawn


def test_a_word_drawn_as_it_was_counts_as_original(library: Library, electra: Path, tmp_path: Path) -> None:
    """A generator that knows but one word draws it everywhere; where it stood nothing is replaced."""
    folder = swayed_folder(tmp_path / "stubborn")
    weights = load_file(folder / "model.safetensors")
    weights["cls.predictions.bias"][:] = 0
    weights["cls.predictions.bias"][pieces().index("cat")] = 1e4
    save_file(weights, folder / "model.safetensors")
    job = SpoilAndDetect(Reference(str(folder)), Reference(str(electra)), "cat the cat", rate=1.0)
    spoiled = spoiled_of(run(library, job))
    assert spoiled.tokens.labels[1:-1] == ("cat", "cat", "cat")
    assert spoiled.replaced == (False, False, True, False, False)
    assert [one.is_original for one in spoiled.drawn] == [True, False, True]


@pytest.mark.parametrize(
    ("word", "there", "replaced"),
    [
        ("dog", ("dog",), (True,)),
        ("cat", ("cat",), (False,)),
        ("Dog", ("dog",), (True,)),
        ("##t", ("##t",), (True,)),
        ("dogs", ("dog", "##s"), (True, True)),
        ("dog cat", ("dog", "cat"), (True, False)),
        ("cat cat", ("cat", "cat"), (False, True)),
    ],
)
def test_words_put_in_by_hand_stand_there(
    library: Library, game: SpoilAndDetect, word: str, there: tuple[str, ...], replaced: tuple[bool, ...]
) -> None:
    """A piece as it is, other words as the tokenizer cuts them; what stood there before is no replacement."""
    trace = run(library, replace(game, rate=0.0, by_hand=((2, word),)))
    spoiled = spoiled_of(trace)
    ends = 2, 2 + len(there)
    assert spoiled.tokens.pieces[slice(*ends)] == there
    assert spoiled.replaced[slice(*ends)] == replaced
    assert spoiled.origins == (0, 1, *(2,) * len(there), *range(3, len(trace.tokens())))
    assert sum(spoiled.replaced) == sum(replaced)
    assert trace.find(Detected).positions == tuple(range(1, len(spoiled.tokens) - 1))


def test_the_hand_comes_before_the_draw(library: Library, game: SpoilAndDetect) -> None:
    """At a masked position the user's word stands, the last one of several; the generator's draws stay what they were."""
    before = spoiled_of(run(library, game))
    place = before.drawn[0].position
    after = spoiled_of(run(library, replace(game, by_hand=((place, "on"), (place, "mat")))))
    assert after.tokens.pieces[place] == "mat"
    assert after.by_hand == (place,)
    assert after.drawn == before.drawn


@pytest.mark.parametrize(
    ("position", "word", "said"),
    [
        (2, "[MASK]", "judged by nobody"),
        (2, "☃", "judged by nobody"),
        (2, "cat ☃", "judged by nobody"),
        (2, "", "no pieces"),
        (2, " ", "no pieces"),
        (0, "cat", "no word at position 0"),
        (99, "cat", "no word at position 99"),
        (-1, "cat", "no word at position -1"),
    ],
)
def test_words_that_can_not_be_put_in_are_refused(
    library: Library, game: SpoilAndDetect, position: int, word: str, said: str
) -> None:
    """One sentence that names the word or the place."""
    with pytest.raises((TextError, JobError), match=said):
        run(library, replace(game, by_hand=((position, word),)))


def test_a_word_that_does_not_fit_any_more_is_refused(library: Library, game: SpoilAndDetect) -> None:
    """A full text has no room for the pieces of a longer word; one that needs no more is put in."""
    full = replace(game, text="cat " * 62, rate=0.0)
    assert len(spoiled_of(run(library, replace(full, by_hand=((5, "dog"),)))).tokens) == 64
    with pytest.raises(JobError, match="65 tokens, and the models read at most 64"):
        run(library, replace(full, by_hand=((5, "it it"),)))


def test_the_narrower_model_sets_the_length(library: Library, game: SpoilAndDetect, tmp_path: Path) -> None:
    """What one of the two can't read isn't played, and that is said."""
    folder = write_discriminator(tmp_path / "short", positions=20)
    trace = run(library, replace(game, text="cat " * 40, discriminator=Reference(str(folder))))
    assert len(trace.tokens()) == 20
    assert "first 18 of 40" in trace.find(Notice, "truncated").sentence


def test_different_vocabularies_are_refused(library: Library, game: SpoilAndDetect, tmp_path: Path) -> None:
    """The sentence says what to choose; other letters' case with the same pieces is no difference."""
    other = write_discriminator(tmp_path / "other")
    vocabulary = {piece: number for number, piece in enumerate([*pieces()[:-2], pieces()[-1], pieces()[-2]])}
    write_json(other / "tokenizer.json", tokenizer_json(model_vocab=vocabulary))
    with pytest.raises(JobError, match="choose two that share one") as caught:
        run(library, replace(game, discriminator=Reference(str(other))))
    assert caught.value.code == "VOCABULARIES_DIFFER"
    cased = write_discriminator(tmp_path / "cased")
    write_json(cased / "tokenizer.json", tokenizer_json(normalizer=None))
    assert run(library, replace(game, discriminator=Reference(str(cased)))).find(Detected) is not None


def test_models_without_their_heads_are_refused(library: Library, game: SpoilAndDetect) -> None:
    """The roles can't be swapped."""
    for job, code in (
        (replace(game, discriminator=game.generator), "NO_RTD_HEAD"),
        (replace(game, generator=game.discriminator), "NO_MLM_HEAD"),
    ):
        with pytest.raises(CheckpointError) as caught:
            run(library, job)
        assert caught.value.code == code


@pytest.mark.parametrize(("rate", "seed", "code"), [(-0.1, 0, "BAD_RATE"), (1.1, 0, "BAD_RATE"), (0.5, -1, "BAD_SEED")])
def test_rates_and_seeds_that_are_none(
    library: Library, game: SpoilAndDetect, rate: float, seed: int, code: str
) -> None:
    """Refused with the range."""
    with pytest.raises(AttnvizError) as caught:
        run(library, replace(game, rate=rate, seed=seed))
    assert caught.value.code == code


def test_no_rate_replaces_nothing_and_a_full_one_every_word(library: Library, game: SpoilAndDetect) -> None:
    """Without a mask there is no loss; special tokens stay at any rate."""
    none = spoiled_of(run(library, replace(game, rate=0.0)))
    assert none.drawn == ()
    assert none.loss is None
    assert not any(none.replaced)
    trace = run(library, replace(game, rate=1.0))
    everything = spoiled_of(trace)
    assert [one.position for one in everything.drawn] == list(range(1, len(trace.tokens()) - 1))
    assert (everything.tokens.ids[0], everything.tokens.ids[-1]) == (2, 3)


def test_only_special_tokens_have_nothing_to_play_with(library: Library, game: SpoilAndDetect) -> None:
    """Nothing masked, nothing judged, no error."""
    trace = run(library, replace(game, text="[SEP] [MASK]", rate=1.0))
    assert spoiled_of(trace).drawn == ()
    assert trace.find(Detected).positions == ()


def test_texts_of_no_and_of_a_hundred_thousand_words(library: Library, game: SpoilAndDetect) -> None:
    """No word is a sentence; of very many the first are played with."""
    with pytest.raises(TextError, match="no tokens"):
        run(library, replace(game, text=""))
    trace = run(library, replace(game, text="cat " * 100_000, rate=1.0))
    assert len(spoiled_of(trace).drawn) == 62
    assert trace.find(Notice, "truncated") is not None
