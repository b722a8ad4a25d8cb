"""Pairs of sentences for next-sentence prediction: what follows, strangers from other documents, and neighbours swapped."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from tokenizers import Tokenizer
from torch import Tensor

from benchmarks.passages import sentences
from checkpoints.recipes.english import Sources

LINES = 50  # consecutive lines of a source that are kept together, as one document
FEWEST_WORDS = 4  # of a sentence
SENTENCES = (1, 1, 1, 2, 2, 3)  # of a side, equally often
LONGEST = 128
ALONE = ("wn_examples", "wn_glosses")  # sources whose lines are single sentences
Passage = tuple[str, ...]


class Kind(StrEnum):
    """Where the second side of a pair is from."""

    NEXT = "next"
    ANY = "any document"
    ALIKE = "same source"
    SWAPPED = "swapped"

    @property
    def follows(self) -> bool:
        return self is Kind.NEXT


TURNS = (Kind.NEXT, Kind.NEXT, Kind.ANY, Kind.ALIKE)


@dataclass(frozen=True, slots=True)
class Document:
    """Passages of at least two sentences that stand together in a source."""

    source: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A pair with where it is from: ``source`` is that of its first side."""

    first: str
    second: str
    kind: Kind
    source: str

    @property
    def swapped(self) -> Example:
        return Example(self.second, self.first, Kind.SWAPPED, self.source)


def documents(sources: Sources) -> dict[str, list[Document]]:
    """train, valid (3 %) and test (5 %), by a hash of the document's place; no document is in two parts."""
    parts: dict[str, list[Document]] = {"train": [], "valid": [], "test": []}
    for name in sorted(set(sources) - set(ALONE)):
        lines = sources[name]
        for number, start in enumerate(range(0, len(lines), LINES)):
            cut = (passage_of(line) for line in lines[start : start + LINES])
            passages = tuple(passage for passage in cut if len(passage) > 1)
            if passages:
                parts[part_of(name, number)].append(Document(name, passages))
    return parts


def passage_of(line: str) -> Passage:
    """The sentences of a line, but for the shortest."""
    return tuple(sentence for sentence in sentences(line) if len(sentence.split()) >= FEWEST_WORDS)


def part_of(source: str, number: int) -> str:
    """Which part a document belongs to."""
    place = int(hashlib.sha256(f"{source}/{number}".encode()).hexdigest(), 16) % 100
    return "test" if place < 5 else "valid" if place < 8 else "train"


def pairs(found: Sequence[Document], count: int, seed: int, *, evenly: bool = False) -> list[Example]:
    """``count`` pairs of all kinds in turn; a document comes as often as it has neighbours.

    ``evenly`` has each source equally often, and the strangers from each.
    """
    draw = random.Random(seed)
    by_source: dict[str, list[Document]] = {}
    for document in found:
        by_source.setdefault(document.source, []).append(document)
    groups = list(by_source.values())
    if not evenly:
        owners, strangers = _owners(found, count, draw), [found] * count
    else:
        owners = [own for some in groups for own in _owners(some, count // len(groups), draw)]
        strangers = [some if len(some) > 1 else found for some in draw.choices(groups, k=len(owners))]
    return [
        _pair(document, TURNS[number % len(TURNS)], others, by_source[document.source], draw)
        for number, (document, others) in enumerate(zip(owners, strangers, strict=True))
    ]


def _owners(found: Sequence[Document], count: int, draw: random.Random) -> list[Document]:
    """Whose neighbours are drawn."""
    neighbours = [sum(len(passage) - 1 for passage in document.passages) for document in found]
    return draw.choices(found, neighbours, k=count)


def _pair(
    own: Document, kind: Kind, every: Sequence[Document], alike: Sequence[Document], draw: random.Random
) -> Example:
    (passage,) = draw.choices(own.passages, [len(passage) - 1 for passage in own.passages])
    middle = draw.randrange(1, len(passage))
    before, after = draw.choice(SENTENCES), draw.choice(SENTENCES)
    first, second = passage[max(0, middle - before) : middle], passage[middle : middle + after]
    if not kind.follows:
        strangers = alike if kind is Kind.ALIKE and len(alike) > 1 else every
        other = draw.choice(strangers)
        while other is own:
            other = draw.choice(strangers)
        far = draw.choice(other.passages)
        start = draw.randrange(len(far))
        second = far[start : start + after]
    return Example(" ".join(first), " ".join(second), kind, own.source)


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs as ids, each (pairs, tokens); ``present`` is False at padding."""

    ids: Tensor
    segments: Tensor
    present: Tensor


def batch(chosen: Sequence[Example], tokenizer: Tokenizer, longest: int = LONGEST) -> Batch:
    """``[CLS] first [SEP] second [SEP]``, padded at the end, none longer than ``longest``."""
    rows = [_ids(pair, tokenizer, longest) for pair in chosen]
    width = max(len(first) + len(second) for first, second in rows)
    ids = torch.tensor([[*first, *second, *[0] * (width - len(first) - len(second))] for first, second in rows])
    after = torch.tensor([[len(first), len(first) + len(second)] for first, second in rows])  # (pairs, 2)
    place = torch.arange(width)
    present = place < after[:, 1:]  # (pairs, tokens)
    return Batch(ids, ((place >= after[:, :1]) & present).long(), present)


def _ids(pair: Example, tokenizer: Tokenizer, longest: int) -> tuple[list[int], list[int]]:
    """Both sides with their special tokens; the longer one loses its outer end until both fit (Devlin et al. 2019, A.2)."""
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    first, second = (tokenizer.encode(side, add_special_tokens=False).ids for side in (pair.first, pair.second))
    while len(first) + len(second) > longest - 3:
        if len(first) + 1 >= len(second):
            del first[0]
        else:
            del second[-1]
    return [cls, *first, sep], [*second, sep]


def shares(chosen: Sequence[Example], right: Sequence[bool]) -> Mapping[Kind, float]:
    """Which share of each kind was judged rightly."""
    found: dict[Kind, list[bool]] = {}
    for pair, hit in zip(chosen, right, strict=True):
        found.setdefault(pair.kind, []).append(hit)
    return {kind: sum(hits) / len(hits) for kind, hits in found.items()}
