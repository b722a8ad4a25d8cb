"""A small learned history, a cut and a comparison, for the tests of the views of tokenizers."""

from __future__ import annotations

from functools import cache

from attnviz.jobs.compare_cuts import CompareCuts
from attnviz.jobs.cut_text import CutText
from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.jobs.tokenizer_source import TokenizerSource
from attnviz.text.bpe_replay import Replay
from attnviz.trace import Learned, Trace

CORPUS = "\n".join(
    [
        "low low low low low lower lower newest newest newest widest widest lowest 中文 中文",
        "walk walked walking slow slower slowest",
    ]
    * 8
)
SENTENCE = "lowest newer 中文 low"


@cache
def learned(alphabet: str = "chars", merges: int = 20) -> Trace:
    """Everything that learning on the corpus brings."""
    return Trace().plus(*LearnBpe(CORPUS, merges, alphabet).run(None))


@cache
def replayed(text: str = SENTENCE, alphabet: str = "chars", merges: int = 20) -> Trace:
    """The same with a text followed through the merges."""
    trace = learned(alphabet, merges)
    return trace.plus(Replay(trace.find(Learned).json).timeline(text))


@cache
def cut(text: str = SENTENCE, alphabet: str = "chars") -> Trace:
    source = TokenizerSource(json=learned(alphabet).find(Learned).json, name="learned")
    return Trace().plus(*CutText(text, source).run(None))


@cache
def compared(text: str = SENTENCE) -> Trace:
    sources = tuple(TokenizerSource(json=learned(kind).find(Learned).json, name=kind) for kind in ("chars", "bytes"))
    return Trace().plus(*CompareCuts(text, sources).run(None))
