"""The sampler of masks: its long-run shares by chi-square tests, and what it never does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from attnviz.errors import JobError, TextError
from attnviz.models.gate.paths import Folder
from attnviz.text.codec import Codec
from attnviz.text.masking import SPAN_SHARES, TREATMENTS, Masking, Sampler, Treatment, Unit, choose
from attnviz.text.tokenizer_file import read_tokenizer
from attnviz.text.vocabulary import Vocabulary, vocabulary
from attnviz.trace import Tokens

FOLDER = Path(__file__).parents[2] / "checkpoints" / "bert-l6-h384-en"
CODEC = Codec(read_tokenizer(Folder(FOLDER)))
TEXT = "Tokenization of unbelievable words is surprisingly straightforward, isn't it? Unfathomably uncomplicated."
RARE = {1: 10.828, 2: 13.816, 9: 27.877, 19: 43.820}
"""The chi-square value that chance passes once in a thousand times, by degrees of freedom (any printed table)."""
CLS, SEP, MASK = 0, 1, 2
TINY = Vocabulary(MASK, frozenset({CLS, SEP, MASK}), np.arange(3, 13))


def tokens_of(*words: int, first: int = 100) -> Tokens:
    """A text of words of so many pieces each, between [CLS] and [SEP]; ids count up from ``first``."""
    numbers = [None, *(word for word, pieces in enumerate(words) for _ in range(pieces)), None]
    ids = (CLS, *range(first, first + len(numbers) - 2), SEP)
    special = (True, *(False for _ in ids[1:-1]), True)
    names = tuple(map(str, ids))
    return Tokens("", ids, names, names, (None,) * len(ids), (0,) * len(ids), special, tuple(numbers))


def chi_square(counts: Iterable[float], expected: Iterable[float]) -> float:
    return sum((count - wanted) ** 2 / wanted for count, wanted in zip(counts, expected, strict=True))


@pytest.mark.parametrize("split", [(0.8, 0.1, 0.1), (1 / 3, 1 / 3, 1 / 3), (0.05, 0.15, 0.8)])
@pytest.mark.parametrize("unit", [Unit.TOKEN, Unit.WORD])
def test_treatments_have_their_shares(split: tuple[float, float, float], unit: Unit) -> None:
    """Masked, random and kept tokens of 2,000 draws against the split; each piece has a treatment of its own."""
    sampler = Sampler(tokens_of(*[1, 2, 3] * 10), Masking(0.15, split, unit), TINY)
    drawn = np.concatenate([sampler.draw(seed).treatments for seed in range(2000)])
    counts = np.bincount(drawn, minlength=3)
    assert chi_square(counts, [share * len(drawn) for share in split]) < RARE[2]


def test_spans_have_the_shares_too() -> None:
    """A span shares one treatment, so spans are what is counted: one word a span here, as no two words touch."""
    words = tokens_of(*[1] * 40)
    apart = replace(words, segments=tuple(place % 2 for place in range(len(words))))
    sampler = Sampler(apart, Masking(0.15, unit=Unit.SPAN), TINY)
    drawn = np.concatenate([sampler.draw(seed).treatments for seed in range(2000)])
    assert chi_square(np.bincount(drawn, minlength=3), np.array([0.8, 0.1, 0.1]) * len(drawn)) < RARE[2]


@pytest.mark.parametrize("rate", [0.15, 0.5, 0.93])
def test_a_single_token_is_chosen_as_often_as_the_rate_says(rate: float) -> None:
    """The shortest text: chosen or not in 5,000 draws, against the rate."""
    sampler = Sampler(tokens_of(1), Masking(rate), TINY)
    chosen = sum(len(sampler.draw(seed).positions) for seed in range(5000))
    assert chi_square((chosen, 5000 - chosen), (5000 * rate, 5000 * (1 - rate))) < RARE[1]


def test_every_position_is_chosen_equally_often() -> None:
    """3 of 20 tokens at a time: counts per position, with the factor that drawing without replacement asks for."""
    sampler, rolls, rate = Sampler(tokens_of(*[1] * 20), Masking(0.15), TINY), 4000, 0.15
    counts = np.bincount(np.concatenate([sampler.draw(seed).positions for seed in range(rolls)]), minlength=22)
    assert counts.sum() == 3 * rolls
    wanted = rolls * rate
    assert chi_square(counts[1:-1], [wanted] * 20) / (1 - rate) * 19 / 20 < RARE[19]


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("words", [(3,), (1, 4), (2, 1, 5, 1, 1, 3), (7, 7, 7)])
def test_the_long_run_share_is_the_rate_for_any_words(unit: Unit, words: tuple[int, ...]) -> None:
    """The mean number of chosen tokens, squared and in units of its own error, as one degree of freedom."""
    sampler = Sampler(tokens_of(*words), Masking(0.15, unit=unit), TINY)
    numbers = np.array([len(sampler.draw(seed).positions) for seed in range(4000)])
    error = numbers.std(ddof=1) / np.sqrt(len(numbers))
    assert ((numbers.mean() - 0.15 * sum(words)) / error) ** 2 < RARE[1]


def test_random_words_are_drawn_alike() -> None:
    """Ten words that may be drawn, 4,000 draws."""
    sampler = Sampler(tokens_of(1, 1), Masking(1, (0, 1, 0)), TINY)
    counts = Counter(np.concatenate([sampler.draw(seed).shown for seed in range(2000)]).tolist())
    assert sorted(counts) == list(range(3, 13))
    assert chi_square(counts.values(), [400] * 10) < RARE[9]


def test_spans_have_the_papers_lengths() -> None:
    """The first span of 3,000 draws against 0.2 · 0.8ⁿ⁻¹ for 1 to 10 words, which has the mean that the paper gives."""
    assert sum(length * share for length, share in enumerate(SPAN_SHARES, 1)) == pytest.approx(3.8, abs=0.005)
    sampler = Sampler(tokens_of(*[1] * 30), Masking(unit=Unit.SPAN), TINY)
    lengths: Counter[int] = Counter()
    for seed in range(12_000):
        order, groups = sampler._order(np.random.default_rng(seed))
        if order[0] < 20:  # room for the longest
            lengths[int((groups == groups[order[0]]).sum())] += 1
    shares = [0.2 * 0.8 ** (length - 1) / (1 - 0.8**10) for length in range(1, 11)]
    expected = [share * lengths.total() for share in shares]
    assert chi_square([lengths[length] for length in range(1, 11)], expected) < RARE[9]


@pytest.mark.parametrize("unit", Unit)
def test_same_seed_same_mask(unit: Unit) -> None:
    """Twice the same, another seed or epoch another, and the first epoch is what static masks keep."""
    tokens, masking = CODEC.encode(TEXT), Masking(0.3, unit=unit)
    first = choose(tokens, masking, 7, CODEC.vocabulary)
    assert first
    assert choose(tokens, masking, 7, CODEC.vocabulary, epoch=0) == first
    others = [choose(tokens, masking, 8, CODEC.vocabulary)]
    others += [choose(tokens, masking, 7, CODEC.vocabulary, epoch) for epoch in (1, 2)]
    assert len({first, *others}) == 4


@given(
    st.lists(st.sampled_from(["the", "unbelievable", "[MASK]", "[SEP]", "[CLS]", "[UNK]", "\u2603", "."]), max_size=12),
    st.none() | st.just("a [SEP] straightforward pair"),
    st.floats(0, 1),
    st.sampled_from(Unit),
    st.integers(0, 2**32 - 1),
)
def test_special_tokens_are_never_chosen_or_drawn(
    words: list[str], pair: str | None, rate: float, unit: Unit, seed: int
) -> None:
    """Whatever is typed: neither the template's tokens nor typed ones, and a random word is an ordinary piece."""
    tokens = CODEC.encode(" ".join(["word", *words]), pair)
    never = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    chosen = choose(tokens, Masking(rate, unit=unit), seed, CODEC.vocabulary)
    assert [one.position for one in chosen] == sorted({one.position for one in chosen})
    ordinary = sum(piece not in never for piece in tokens.pieces)
    longest = 1 if unit is Unit.TOKEN else 10
    assert abs(len(chosen) - rate * ordinary) <= longest
    for one in chosen:
        assert tokens.pieces[one.position] not in never
        assert one.original == tokens.ids[one.position]
        match one.treatment:
            case Treatment.MASK:
                assert one.shown == CODEC.mask
            case Treatment.RANDOM:
                assert CODEC.piece(one.shown) not in never
                assert "[unused" not in CODEC.piece(one.shown)
            case Treatment.KEPT:
                assert one.shown == one.original


def test_all_and_only_ordinary_pieces_are_drawn() -> None:
    """Against the `tokenizers` library's own vocabulary."""
    known = Tokenizer.from_file(str(FOLDER / "tokenizer.json")).get_vocab()
    unused = {f"[unused{number}]" for number in range(1000)}
    expected = {
        number
        for piece, number in known.items()
        if piece not in unused | {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    }
    assert set(CODEC.vocabulary.words.tolist()) == expected
    assert len(CODEC.vocabulary.words) == len(expected)


@pytest.mark.parametrize("unit", [Unit.WORD, Unit.SPAN])
def test_words_are_chosen_whole(unit: Unit) -> None:
    """No word is chosen in part; the words of a span stand side by side and share one treatment."""
    tokens = CODEC.encode(TEXT)
    sizes = Counter(tokens.words)
    runs = []
    for seed in range(200):
        chosen = choose(tokens, Masking(0.2, (0.4, 0.3, 0.3), unit), seed, CODEC.vocabulary)
        found = Counter(tokens.words[one.position] for one in chosen)
        assert all(sizes[word] == count for word, count in found.items())
        runs += [len(list(run)) for _, run in groupby(chosen, lambda one: one.treatment)]
    assert max(runs) > 3


def test_pieces_of_a_word_have_their_own_fates_and_those_of_a_span_share_one() -> None:
    """As in Google's whole-word masking, and as in SpanBERT: four pieces that are always chosen together."""
    apart = [choose(tokens_of(4), Masking(1, (0.4, 0.3, 0.3), Unit.WORD), seed, TINY) for seed in range(50)]
    together = [choose(tokens_of(4), Masking(1, (0.4, 0.3, 0.3), Unit.SPAN), seed, TINY) for seed in range(50)]
    assert max(len({one.treatment for one in chosen}) for chosen in apart) == 3
    assert {len({one.treatment for one in chosen}) for chosen in together} == {1}
    assert {chosen[0].treatment for chosen in together} == set(TREATMENTS)


@pytest.mark.parametrize("unit", Unit)
def test_a_higher_rate_keeps_what_a_lower_one_chose(unit: Unit) -> None:
    """With the same seed, as a slider moves: at most the last unit (whole words, up to 3 pieces) comes and goes."""
    tokens = tokens_of(*[1, 2, 3] * 10)
    for seed in range(20):
        choices = [choose(tokens, Masking(rate / 20, unit=unit), seed, TINY) for rate in range(21)]
        for low, high in pairwise(choices):
            assert len(set(low) - set(high)) <= 3


@pytest.mark.parametrize("unit", Unit)
def test_no_rate_and_the_full_rate(unit: Unit) -> None:
    """0 chooses nothing, 1 every token that may be chosen."""
    tokens = CODEC.encode(TEXT)
    assert choose(tokens, Masking(0, unit=unit), 7, CODEC.vocabulary) == ()
    chosen = choose(tokens, Masking(1, unit=unit), 7, CODEC.vocabulary)
    assert [one.position for one in chosen] == list(range(1, len(tokens) - 1))


@pytest.mark.parametrize("unit", Unit)
def test_texts_without_a_candidate(unit: Unit) -> None:
    """No tokens at all, the template alone, special tokens only."""
    nothing = Tokens("", (), (), (), (), (), (), ())
    for tokens in (nothing, tokens_of(), CODEC.encode("[MASK] [SEP] [CLS] [PAD] [UNK]")):
        assert choose(tokens, Masking(1, unit=unit), 7, CODEC.vocabulary) == ()


@pytest.mark.parametrize("unit", Unit)
def test_a_hundred_thousand_tokens_are_quick(unit: Unit) -> None:
    """The exact share, far below the second that this is given."""
    tokens = tokens_of(*[1, 1, 2] * 25_000)
    started = time.process_time()
    chosen = choose(tokens, Masking(unit=unit), 7, TINY)
    assert time.process_time() - started < 1
    assert abs(len(chosen) - 15_000) <= 2


@pytest.mark.parametrize(
    ("rate", "split", "code"),
    [
        (-0.1, (0.8, 0.1, 0.1), "BAD_RATE"),
        (1.01, (0.8, 0.1, 0.1), "BAD_RATE"),
        (float("nan"), (0.8, 0.1, 0.1), "BAD_RATE"),
        (0.15, (0.8, 0.1, 0.2), "BAD_SPLIT"),
        (0.15, (1.1, 0.0, -0.1), "BAD_SPLIT"),
        (0.15, (float("nan"), 0.5, 0.5), "BAD_SPLIT"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rate: float, split: tuple[float, float, float], code: str) -> None:
    """Where they are made, in a sentence."""
    with pytest.raises(JobError) as caught:
        Masking(rate, split)
    assert caught.value.code == code


@pytest.mark.parametrize(("seed", "epoch"), [(-1, 0), (0, -1), (2**32, 0)])
def test_seeds_out_of_range_are_refused(seed: int, epoch: int) -> None:
    """Negative ones, and those that another pair of seed and epoch would repeat."""
    with pytest.raises(JobError) as caught:
        choose(tokens_of(1), Masking(), seed, TINY, epoch)
    assert caught.value.code == "BAD_SEED"


def test_vocabularies_that_can_mask_nothing_are_refused() -> None:
    """No mask token, or nothing but special tokens."""
    for pieces, mask, code in (({"a": 0}, None, "NO_MASK_TOKEN"), ({"[MASK]": 0, "[unused1]": 1}, 0, "NO_WORDS")):
        with pytest.raises(TextError) as caught:
            vocabulary(pieces, mask, frozenset())
        assert caught.value.code == code
