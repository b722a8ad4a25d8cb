from __future__ import annotations

import pickle
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from attnviz.text.compare import compare
from attnviz.text.pipeline import LONGEST_STEPPED, Pipeline
from attnviz.text.readable import Spelling, is_partial, label_of_bytes, letters_of_bytes, visible
from attnviz.text.tokenizer_file import sanitise
from attnviz.trace import STEPS, Cut, Notice, StageKind
from tests.text import bpe_subjects as subjects

NAMES = ["bert", "bytes", "chars", "whole lines", "unigram", "unigram with bytes", "end of word", "words"]
POOL = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text("low erstnewid the, 今天 天气", max_size=40),
    st.sampled_from(["[MASK] a[CLS]b", "<s>low<unk>", "newest newestx", "ﬁ İß e\u0301 \u0301", "▁Ġ## </w>", ""]),
)


@cache
def pipeline(name: str) -> Pipeline:
    return Pipeline(sanitise(dict(subjects.subjects())[name].encode(), name=name), name)


def cut(name: str, text: str) -> tuple[Cut, list[Notice]]:
    found = list(pipeline(name).cut(text))
    return next(r for r in found if isinstance(r, Cut)), [r for r in found if isinstance(r, Notice)]


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(text=POOL)
@example("lower lowest; 今天天气 [MASK] 👍🏽 \n\tnewest")
def test_every_stage_leads_to_the_librarys_ids(name: str, text: str) -> None:
    """On any text and for each kind of tokenizer, our own steps end in the library's ids, and its spans are kept."""
    found, notices = cut(name, text)
    encoding = Tokenizer.from_str(pipeline(name).spec.json).encode(text)
    assert list(found.ids) == encoding.ids
    own = [span for span, added in zip(encoding.offsets, encoding.special_tokens_mask, strict=True) if not added]
    assert [piece.span for piece in found.pieces] == own
    before = max(place for place, stage in enumerate(found.stages) if stage.kind is not StageKind.SPECIAL) - 1
    if not notices:  # the steps were held against the ids; else they are left out and a notice says so
        assert [piece.id for piece in found.at(before)] == [piece.id for piece in found.stages[-2].pieces]


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_text_is_shown_with_its_steps(name: str) -> None:
    """The steps of English, Chinese, accents and emoji are never left out."""
    found, notices = cut(name, "The lowest, newest café 今天天气 👍🏽 it's 3.14\n")
    assert notices == []
    assert any(stage.kind in STEPS for stage in found.stages)
    assert pickle.loads(pickle.dumps(found)) == found


def test_word_pieces_are_matched_from_the_left() -> None:
    """Each step of WordPiece takes the longest piece; what is left is not in the vocabulary's hands yet."""
    found, _ = cut("bert", "unaffable")
    steps = [stage for stage in found.stages if stage.kind is StageKind.MATCH]
    assert [[piece.text for piece in stage.pieces] for stage in steps] == [
        ["una", "ffable"],
        ["una", "##ffa", "ble"],
        ["una", "##ffa", "##ble"],
    ]
    assert [stage.pieces[-1].id is None for stage in steps] == [True, True, False]


def test_merges_are_applied_one_by_one() -> None:
    """Each step of BPE makes one piece of two, lowest rank first."""
    found, _ = cut("chars", "lowest")
    ranks = [stage.rank for stage in found.stages if stage.rank is not None]
    sizes = [len(stage.pieces) for stage in found.stages if stage.word == 0]
    assert ranks == sorted(ranks)
    assert sizes == list(range(6, 6 - len(sizes), -1))


def test_unigram_says_how_probable_each_piece_is() -> None:
    """Pieces carry the logarithm of their probability; the steps are the best paths to each character."""
    found, _ = cut("unigram", "low")
    assert all(piece.score is not None and piece.score < 0 for piece in found.pieces)
    assert sum(stage.kind is StageKind.PATH for stage in found.stages) == len("▁low")


def test_parts_of_a_character_are_hexadecimal() -> None:
    """A byte-level tokenizer that knows no emoji shows the bytes of one, and says that each is a part."""
    found, _ = cut("bytes", "🦉")
    assert [piece.label for piece in found.pieces] == ["⟨F0 9F⟩", "⟨A6⟩", "⟨89⟩"]
    assert all(piece.partial and piece.span == (0, 1) for piece in found.pieces)
    assert b"".join(piece.raw for piece in found.pieces).decode() == "🦉"


def test_white_space_is_visible() -> None:
    """Spaces, line breaks and tabs are signs; control characters are escaped."""
    assert visible("a b\n\t\x07") == "a␣b⏎⇥\\x07"
    assert Spelling(bytewise=True).label("Ġthe") == "␣the"
    assert Spelling(spaces=True).label("▁the") == "␣the"
    assert Spelling(fallback=True).label("<0xE4>") == "⟨E4⟩"


@given(st.binary(max_size=12))
def test_any_bytes_have_a_label(raw: bytes) -> None:
    """No bytes are lost: a whole text is its visible self, anything else holds a part in brackets."""
    piece = "".join(letters_of_bytes()[byte] for byte in raw)
    assert Spelling(bytewise=True).raw(piece) == raw
    assert is_partial(raw) or label_of_bytes(raw) == visible(raw.decode())
    assert not is_partial(raw) or "⟨" in label_of_bytes(raw)


def test_a_long_text_is_cut_without_steps() -> None:
    """Where steps would be thousands, they are left out, and a notice says so."""
    found, notices = cut("bert", "low " * LONGEST_STEPPED)
    assert [notice.topic for notice in notices] == ["steps"]
    assert len(found.pieces) == LONGEST_STEPPED


def test_tokenizers_are_compared_by_characters() -> None:
    """Pieces with a span that another tokenizer lacks differ; borders are agreed or disputed."""
    found = compare("lowest 今天", [pipeline("bert"), pipeline("chars"), pipeline("words")])
    assert found.words == 2
    assert [row.name for row in found.rows] == ["bert", "chars", "words"]
    assert {0, 6, 7, 9} <= set(found.agreed)
    assert set(found.agreed).isdisjoint(found.disputed)
    for row in found.rows:
        assert row.tokens == len(row.pieces)
        assert row.fertility == row.tokens / 2
    assert found.rows[2].unknown == 2


def test_a_tokenizer_agrees_with_itself() -> None:
    """The same tokenizer twice differs nowhere."""
    found = compare("lowest 今天 low", [pipeline("bert"), pipeline("bert")])
    assert found.disputed == ()
    assert all(row.differs == () for row in found.rows)
