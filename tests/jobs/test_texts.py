"""The jobs on a text and its merges alone: what they yield, against ``tokenizers``, and that they need no model."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from attnviz.errors import TextError
from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.jobs.read_corpus import Corpus, ReadCorpus
from attnviz.jobs.replay_merges import ReplayMerges
from attnviz.text.merge_edits import ForbidMerge, apply_edits
from attnviz.trace import Learned, Timeline, Trace

TEXT = "low lower lowest, and the lowest of the low"


@pytest.fixture(scope="module")
def json() -> str:
    """A tokenizer that was learned on the text itself."""
    found = Trace().plus(*LearnBpe(TEXT, 20).run(None)).find(Learned)
    assert found is not None
    return found.json


@pytest.mark.parametrize("edits", [(), (ForbidMerge(1),)])
def test_the_last_moment_is_the_librarys_cut(json: str, edits: tuple[ForbidMerge, ...]) -> None:
    """After all merges the pieces are those of ``tokenizers``; a forbidden merge is one it never learned."""
    timeline = Trace().plus(*ReplayMerges(TEXT, json, edits).run(None)).find(Timeline)
    assert timeline is not None
    authority = Tokenizer.from_str(apply_edits(json, edits) if edits else json).encode(TEXT, add_special_tokens=False)
    assert [piece for piece, _ in timeline.pieces(20)] == authority.tokens


def test_a_corpus_is_the_files_text(tmp_path: Path) -> None:
    """Byte for byte in UTF-8; a binary file is refused in words."""
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT + " 东京", encoding="utf-8")
    assert Trace().plus(*ReadCorpus(str(path)).run(None)).find(Corpus) == Corpus(str(path), TEXT + " 东京")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TextError, match="UTF-8"):
        list(ReadCorpus(str(path)).run(None))


@pytest.mark.parametrize("job", [ReplayMerges("a", "{}"), ReadCorpus("x")], ids=lambda job: type(job).__name__)
def test_they_pickle_and_never_wait_for_a_model(job: ReplayMerges | ReadCorpus) -> None:
    """So that they can run in another process, and in the worker that has no library."""
    assert pickle.loads(pickle.dumps(job)) == job
    assert job.needs_models is False
