"""Spelling → sound as the experiments use it: the shipped models of that task, and words that none of them learned from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnviz import places
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.text.sounded_words import Phones, sounded_words
from attnviz.trace import Progress, Record

if TYPE_CHECKING:
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.library import Library

HELD_OUT = "spelling_held_out.tsv"


@dataclass(frozen=True, slots=True)
class Word:
    """A held-out word, and the ways in which the dictionary says it."""

    text: str
    sounds: tuple[Phones, ...]


def held_out() -> dict[int, tuple[Word, ...]]:
    """The shipped words by how many letters they have. Raises TextError."""
    by_length: dict[int, list[Word]] = defaultdict(list)
    for text, sounds in sounded_words(places.resources() / "samples" / HELD_OUT).items():
        by_length[len(text)].append(Word(text, sounds))
    return {letters: tuple(by_length[letters]) for letters in sorted(by_length)}


def drawn(words: Mapping[int, Sequence[Word]], most: int, seed: int) -> dict[int, tuple[Word, ...]]:
    """At most so many of each length, by chance and in the order of the file."""
    chance = np.random.default_rng(seed)
    found = {}
    for letters, alike in words.items():
        picked = sorted(chance.permutation(len(alike))[:most].tolist())
        found[letters] = tuple(alike[place] for place in picked)
    return found


def opened(library: Library, names: Sequence[str]) -> Generator[Record, None, dict[str, EncoderDecoder]]:
    """The shipped ``spelling-…`` models of these names, one after another. Raises CheckpointError."""
    found = {}
    for done, name in enumerate(names):
        reference = Reference(str(shelf.resolve(f"spelling-{name}")))
        for _ in library.examine(reference):
            yield Progress(f"opening spelling-{name}", done, len(names))
        yield Progress(f"opening spelling-{name}", done, len(names))
        found[name] = library.encoder_decoder(reference)
    return found
