from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from attnviz.errors import JobError
from attnviz.text.bpe_replay import Replay, tree
from attnviz.text.merge_edits import ForbidMerge, ForbidPiece, MoveMerge, apply_edits, ranks_after
from attnviz.trace import NEVER, MergeTree, Timeline
from tests.text import bpe_subjects as subjects

TEXT = "The slowest flow, low lower lowest; it isn't new 今天天气 👍🏽 \n\n  return x[0]"
KINDS = [("chars", "words"), ("bytes", "gpt2"), ("chars", "none"), ("bytes", "whitespace")]


def upto(tokenizer: str, merges: int) -> Tokenizer:
    """The library with the first merges only."""
    found = json.loads(tokenizer)
    found["model"]["merges"] = found["model"]["merges"][:merges]
    return Tokenizer.from_str(json.dumps(found))


def same(one: Timeline, other: Timeline) -> bool:
    arrays = ("spans", "closes", "ranks", "order")
    return one.symbols == other.symbols and all(np.array_equal(getattr(one, n), getattr(other, n)) for n in arrays)


@pytest.mark.parametrize(("alphabet", "kind"), KINDS)
def test_every_moment_is_what_the_library_does_with_that_many_merges(alphabet: str, kind: str) -> None:
    """As of merge k, pieces and spans are those of the library with the first k merges."""
    result = subjects.learned(subjects.MIXED, 150, alphabet, kind)
    timeline = Replay(result.json).timeline(TEXT)
    for done in (0, 1, 5, 50, 149, 150):
        encoding = upto(result.json, done).encode(TEXT)
        pieces = timeline.pieces(done)
        assert [span for _, span in pieces] == encoding.offsets
        known = [(ours, theirs) for (ours, _), theirs in zip(pieces, encoding.tokens, strict=True) if theirs != "[UNK]"]
        assert [ours for ours, _ in known] == [theirs for _, theirs in known]
        assert timeline.tokens(done) == len(pieces) == timeline.curve(150)[done]


@settings(deadline=None)
@given(
    st.text("low erst,.\n中'", max_size=60),
    st.integers(0, 60),
    st.integers(0, 3),
    st.text("low .\n中'", max_size=2),
    st.sampled_from(KINDS),
)
def test_an_edited_text_is_cut_as_if_anew(text: str, place: int, gone: int, new: str, kind: tuple[str, str]) -> None:
    """Cutting only around the edit gives what cutting everything gives."""
    result = subjects.learned(subjects.MIXED, 150, *kind)
    replay = Replay(result.json, local=kind[1] != "none")
    edited = text[:place] + new + text[place + gone :]
    assert same(replay.edited(replay.timeline(text), edited), replay.timeline(edited))


def test_a_piece_opens_as_the_tree_of_its_merges() -> None:
    """Leaves are symbols in order, each inner node is its merge, and ranks fall towards the leaves."""
    result = subjects.learned(subjects.ENGLISH * 3, 60)
    timeline = Replay(result.json).timeline("a lowest")
    root = tree(timeline, 1, 7)

    def check(node: MergeTree) -> str:
        if node.left is None or node.right is None:
            assert node.rank is None
            return node.piece
        assert node.rank is not None
        assert result.pairs[node.rank] == (node.left.piece, node.right.piece)
        assert all(child.rank is None or child.rank < node.rank for child in (node.left, node.right))
        return check(node.left) + check(node.right)

    assert check(root) == root.piece == "lowest"
    assert root.span == (2, 8)
    assert root.rank == timeline.last_change(1, 7) == Replay(result.json).made_by("lowest")


def test_the_slider_knows_where_it_may_jump() -> None:
    """The moments of a text are the ranks at which its pieces change."""
    timeline = Replay(subjects.learned(subjects.MIXED, 150).json).timeline("lowest")
    changing = [k for k in range(150) if timeline.tokens(k) != timeline.tokens(k + 1)]
    assert timeline.moments().tolist() == changing
    assert timeline.closes[-1] == NEVER


edits = st.lists(
    st.one_of(st.builds(ForbidMerge, st.integers(0, 59)), st.builds(MoveMerge, st.integers(0, 59), st.integers(0, 59))),
    max_size=4,
)


@settings(deadline=None)
@given(edits, st.text("low erstnwid", max_size=40))
def test_what_if_is_what_the_library_does_with_the_edited_file(
    wanted: list[ForbidMerge | MoveMerge], text: str
) -> None:
    """Forbidden and moved merges: pieces equal the library's on the edited tokenizer.json, and ids stay."""
    result = subjects.learned(subjects.MIXED, 60)
    edited = apply_edits(result.json, wanted)
    authority = Tokenizer.from_str(edited)
    assert authority.get_vocab() == Tokenizer.from_str(result.json).get_vocab()
    done = len(ranks_after(60, wanted))
    timeline = Replay(edited).timeline(text)
    assert [piece for piece, _ in timeline.pieces(done)] == authority.encode(text).tokens
    for moment in (10, 40):
        assert [p for p, _ in timeline.pieces(moment)] == upto(edited, moment).encode(text).tokens


def test_a_moved_merge_stands_where_it_was_sent() -> None:
    """Forwards or backwards, the moved merge takes the other one's place."""
    assert ranks_after(4, [MoveMerge(1, 3)]) == (0, 2, 3, 1)
    assert ranks_after(4, [MoveMerge(3, 1), ForbidMerge(0)]) == (3, 1, 2)


@pytest.mark.parametrize(("kind", "piece"), [("bert", "##est"), ("unigram", "▁low"), ("words", "low")])
def test_a_forbidden_piece_is_used_no_more(kind: str, piece: str) -> None:
    """WordPiece, Unigram and WordLevel go on without the piece; all other ids stay."""
    original = dict(subjects.subjects())[kind]
    before, after = Tokenizer.from_str(original), Tokenizer.from_str(apply_edits(original, [ForbidPiece(piece)]))
    text = "low slowest lowest low"
    assert piece not in after.encode(text).tokens
    assert before.get_vocab_size() == after.get_vocab_size()
    assert {k: v for k, v in before.get_vocab().items() if k != piece}.items() <= after.get_vocab().items()


@pytest.mark.parametrize("whole_words_first", [False, True])
@pytest.mark.parametrize("piece", ["low", "est", "lo"])
def test_a_forbidden_piece_of_bpe_is_what_the_library_does_without_it(piece: str, whole_words_first: bool) -> None:
    """Equal to a vocabulary that lacks the piece and merges that neither make nor need it; the ids are as they were."""
    found = json.loads(subjects.learned(subjects.MIXED, 60).json)
    found["model"]["ignore_merges"] = whole_words_first
    after = Tokenizer.from_str(apply_edits(json.dumps(found), [ForbidPiece(piece)]))
    model = found["model"]
    model["merges"] = [(left, right) for left, right in model["merges"] if piece not in {left, right, left + right}]
    del model["vocab"][piece]
    authority = Tokenizer.from_str(json.dumps(found))
    text = "low lower lowest slowest newest the river est lo"
    assert after.encode(text).ids == authority.encode(text).ids
    assert piece not in after.encode(text).tokens


@pytest.mark.parametrize(
    ("kind", "edit", "code"),
    [
        ("chars", ForbidMerge(200), "NO_SUCH_MERGE"),
        ("chars", MoveMerge(0, -1), "NO_SUCH_MERGE"),
        ("bert", ForbidMerge(0), "NO_MERGES"),
        ("chars", ForbidPiece("l"), "SMALLEST_PIECE"),
        ("bert", ForbidPiece("no such piece"), "NO_SUCH_PIECE"),
        ("bert", ForbidPiece("[MASK]"), "SPECIAL_TOKEN"),
    ],
)
def test_edits_without_sense_are_refused(kind: str, edit: ForbidMerge | MoveMerge | ForbidPiece, code: str) -> None:
    """One sentence names what is not there."""
    with pytest.raises(JobError) as caught:
        apply_edits(dict(subjects.subjects())[kind], [edit])
    assert caught.value.code == code
