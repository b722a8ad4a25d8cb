from __future__ import annotations

import gc
import json
import pydoc_data.topics
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from attnviz.errors import JobError, TextError
from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.text.bpe_file import merges_table
from attnviz.text.bpe_learner import Learner
from attnviz.text.pretokens import ALPHABETS, PRE_TOKENIZERS
from attnviz.trace import Curves, Learned, Merges, Notice, Progress, Why
from tests.text import bpe_subjects as subjects

SAMPLES = sorted((Path(__file__).parents[2] / "resources" / "samples").glob("*.txt"))
LONG = "\n".join(topic for _, topic in sorted(pydoc_data.topics.topics.items()))


@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("kind", PRE_TOKENIZERS)
@pytest.mark.parametrize("text", [subjects.ENGLISH, subjects.CODE, subjects.CHINESE, subjects.EMOJI, subjects.MIXED])
def test_merges_and_ids_are_the_librarys(text: str, kind: str, alphabet: str) -> None:
    """On English, code, Chinese and emoji, every merge, every tie and every id is what the library's trainer gives."""
    authority = subjects.trained(text, 120, alphabet, kind)
    result = subjects.learned(text, 120, alphabet, kind)
    assert list(result.pairs) == subjects.merges_of(authority)
    ours = Tokenizer.from_str(result.json).get_vocab()
    assert {piece: ours.get(piece) for piece in authority.get_vocab()} == authority.get_vocab()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_merges_on_the_samples_are_the_librarys(path: Path) -> None:
    """What the tab shows first is what the library would learn."""
    text = path.read_text(encoding="utf-8")
    for alphabet, kind in (("chars", "words"), ("bytes", "gpt2")):
        result = subjects.learned(text, 500, alphabet, kind)
        assert list(result.pairs) == subjects.merges_of(subjects.trained(text, 500, alphabet, kind))


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=200), st.text("ab c.", max_size=200), st.text("aé中😀 \n", max_size=120)),
    st.sampled_from(ALPHABETS),
    st.sampled_from(PRE_TOKENIZERS),
    st.sampled_from([1, 7, 300]),
)
def test_merges_on_any_text_are_the_librarys(text: str, alphabet: str, kind: str, merges: int) -> None:
    """Random Unicode and texts full of ties give the library's merges, or one sentence where there is nothing to learn."""
    try:
        result = next(r for r in subjects.records(text, merges, alphabet, kind) if isinstance(r, Learned))
    except TextError as error:
        assert error.code in {"EMPTY_CORPUS", "ONE_CHARACTER", "NO_PAIRS"}  # noqa: PT017 - either a result or this
        return
    fit = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert list(result.pairs) == subjects.merges_of(subjects.trained(fit, merges, alphabet, kind))


@pytest.mark.slow
@pytest.mark.parametrize(("alphabet", "kind"), [("chars", "words"), ("bytes", "gpt2")])
def test_merges_on_a_megabyte_are_the_librarys(alphabet: str, kind: str) -> None:
    """Eight thousand merges on 1 MB are the library's, one by one."""
    text = (LONG + LONG[::-1] + LONG[::-2])[:1_000_000]
    result = subjects.learned(text, 8000, alphabet, kind)
    assert list(result.pairs) == subjects.merges_of(subjects.trained(text, 8000, alphabet, kind))


def naive(words: Counter[str]) -> list[tuple[str, str, int, int]]:
    """The textbook: count all pairs anew for each merge; gives each with its count and the second best count."""
    letters = sorted({letter for word in words for letter in word})
    ids = {letter: number for number, letter in enumerate(letters)}
    cuts = {word: list(word) for word in words}
    found: list[tuple[str, str, int, int]] = []
    while True:
        pairs: Counter[tuple[str, str]] = Counter()
        for word, pieces in cuts.items():
            for pair in pairwise(pieces):
                pairs[pair] += words[word]
        if not pairs:
            return found
        order = sorted(pairs, key=lambda pair: (-pairs[pair], ids[pair[0]], ids[pair[1]]))
        left, right = order[0]
        found.append((left, right, pairs[left, right], pairs[order[1]] if len(order) > 1 else 0))
        ids.setdefault(left + right, len(ids))
        for word, pieces in cuts.items():
            place = 0
            while place < len(pieces) - 1:
                if (pieces[place], pieces[place + 1]) == (left, right):
                    pieces[place : place + 2] = [left + right]
                place += 1
            cuts[word] = pieces


@given(st.text("abcd ", min_size=1, max_size=120))
def test_counts_and_runners_up_are_those_of_counting_anew(text: str) -> None:
    """Each merge's count and its runner-up's are what one gets by counting all pairs from scratch."""
    try:
        found = subjects.history(subjects.records(text, 500, "chars", "whitespace"))
    except TextError:
        return
    assert [(m.left, m.right, m.count, m.runner_up_count) for m in found] == naive(Counter(text.split()))


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_the_curves_count_the_corpus_as_the_library_cuts_it(alphabet: str) -> None:
    """After any number of merges, the corpus has as many tokens as a tokenizer with just these merges makes of it."""
    found = subjects.records(subjects.MIXED, 60, alphabet, "words")
    curves = [record for record in found if isinstance(record, Curves)][-1]
    result = subjects.learned(subjects.MIXED, 60, alphabet, "words")
    for merges in (0, 1, 17, 60):
        model = json.loads(result.json)
        model["model"]["merges"] = model["model"]["merges"][:merges]
        tokens = Tokenizer.from_str(json.dumps(model)).encode(subjects.MIXED).ids
        assert curves.tokens[merges] == len(tokens)
        assert curves.vocabulary[merges] == len(result.symbols) + merges
    assert not curves.tokens.flags.writeable


def test_the_history_comes_in_chunks_that_grow_a_table() -> None:
    """Ranks run on over the chunks, each in a slot of its own; the record of the whole comes after them."""
    found = subjects.records(subjects.MIXED, 140, "bytes")
    chunks = [record for record in found if isinstance(record, Merges)]
    assert [chunk.start for chunk in chunks] == [64 * number for number in range(len(chunks))]
    assert [merge.rank for merge in subjects.history(found)] == list(range(140))
    assert len({chunk.slot for chunk in chunks}) == len(chunks)
    assert [type(record) for record in found if not isinstance(record, (Merges, Progress))] == [Curves, Learned, Why]


def test_a_text_that_runs_out_of_pairs_says_so() -> None:
    """Fewer merges than were asked for is no error, and is not silent."""
    found = subjects.records("ab ab", 10)
    assert [notice.topic for notice in found if isinstance(notice, Notice)] == ["merges"]
    assert len(subjects.history(found)) == 1


@pytest.mark.parametrize("merges", [0, -1, 10**9])
def test_a_number_of_merges_without_sense_is_refused(merges: int) -> None:
    """X14: no vocabulary of nothing, and none of a billion."""
    with pytest.raises(JobError, match="between 1 and"):
        LearnBpe("low lower", merges)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "EMPTY_CORPUS"), (" \n\t", "EMPTY_CORPUS"), ("aaa aa", "ONE_CHARACTER"), ("a b", "NO_PAIRS")],
)
def test_a_text_to_learn_nothing_from_is_refused(text: str, code: str) -> None:
    """X14: an empty corpus and a single character get one sentence."""
    with pytest.raises(TextError) as caught:
        subjects.records(text, 5)
    assert caught.value.code == code


def test_lone_surrogates_are_replaced_and_counted() -> None:
    """X04: half a character becomes U+FFFD, and a notice says so."""
    found = subjects.records("low\ud800 lower \ud83d\ude00", 2)
    assert [notice.topic for notice in found if isinstance(notice, Notice)] == ["surrogates"]


def test_learning_can_be_stopped_at_any_moment() -> None:
    """X14: on 1 MB the generator stops often, so that cancelling takes 250 ms at most, and closing it raises nothing."""
    text = (LONG + LONG[::-1] + LONG[::-2])[:1_000_000]
    job = LearnBpe(text, 2000, "bytes").run(None)
    gaps, last = [], time.perf_counter()
    for _ in job:
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()
        if len(gaps) > 300:
            break
    job.close()
    gaps.sort()
    assert gaps[-3] < 0.25  # two pauses may be the machine's


def test_bytes_come_back_whole() -> None:
    """Byte-level decode(encode(text)) is the text, whatever it is."""
    tokenizer = Tokenizer.from_str(subjects.learned(subjects.MIXED, 200, "bytes").json)
    for text in (subjects.MIXED, "\0\x7f ½ \U0010ffff", "  \n\n x"):
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_the_table_has_a_row_a_merge() -> None:
    """Merges as CSV: rank, pair, piece, readable piece, count, runner-up."""
    table = merges_table(subjects.history(subjects.records("low low lower", 2, "bytes")), "bytes")
    assert table.csv().splitlines()[1] == "0,l,o,lo,lo,3,o,w,3"


def test_why_compares_words_with_pieces() -> None:
    """Held-out words that the corpus lacks are unknown as words and known as pieces; relatives share their first piece."""
    job = LearnBpe("low lower lowest new newer wide wider lows " * 5, 8, held_out="low slower newest wider\n")
    (why,) = (record for record in job.run(None) if isinstance(record, Why))
    assert (why.words, why.held_out, why.unknown_words, why.unknown_bpe) == (8, 4, 0.5, 0.0)
    assert why.unknown[0] == 1.0
    assert why.unknown[-1] == 0.5
    family = next(family for family in why.families if family.stem == "low")
    assert set(family.words) == {"low", "lows", "lower", "lowest"}
    assert family.shared == ("low",)
    assert {sharing.kind: sharing.share for sharing in why.sharings}["word, word + er"] == 1.0


def test_the_collector_does_not_look_at_every_place() -> None:
    """A collection stops all threads, the window's too: of the places of a pair it sees one array, and not each number."""
    words = {f"{number}w{number * 7919 % 1000}rd{number:x}": 1 + number % 3 for number in range(20_000)}
    learner = Learner(sorted({char for word in words for char in word}))
    for _ in learner.read(words):
        pass
    for rank in range(50):
        list(learner.take(rank))
    places = learner._places.values()
    seen = sum(len(gc.get_referents(each)) for each in places)
    assert seen <= len(places)
    assert sum(map(len, places)) > 20 * seen
