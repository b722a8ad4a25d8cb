"""English text for the encoders: passages of several sources, each as often as its share says, some of them held out."""

from __future__ import annotations

import hashlib
import random
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer

# How often a round through the text passes through each source; of a source that isn't named here, once.
SHARES = {
    "wiki_vital": 2.0,
    "wn_examples": 2.0,
    "enwiki_gensim": 0.8,
    "cdda": 0.6,
    "factbook": 0.35,
    "sotu_1900on": 0.3,
    "austen": 0.3,
    "moby": 0.15,
    "wn_glosses": 0.12,
    "web_bible": 0.06,
}
HELD_OUT = 2  # per cent of the passages
Sources = Mapping[str, Sequence[str]]


def read(data: Path) -> dict[str, list[str]]:
    """Source → its passages, from a .tar.xz of text files or from one text file; a passage a line."""
    if not tarfile.is_tarfile(data):
        return {data.stem: _lines(data.read_text(encoding="utf-8"))}
    with tarfile.open(data) as archive:
        files = {Path(member.name).stem: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: _lines(file.read().decode()) for name, file in files.items() if file is not None}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def is_held_out(passage: str) -> bool:
    """Decided by a hash of the passage, never by chance."""
    return int(hashlib.sha256(passage.encode()).hexdigest(), 16) % 100 < HELD_OUT


def split(sources: Sources) -> tuple[dict[str, list[str]], list[str]]:
    """What is trained on, by source, and what is held out."""
    training = {name: [text for text in texts if not is_held_out(text)] for name, texts in sources.items()}
    return training, [text for texts in sources.values() for text in texts if is_held_out(text)]


def one_round(training: Mapping[str, Sequence[object]], draw: random.Random) -> list[tuple[str, int]]:
    """Which passages (source, number) one round reads, shuffled; a share of 2.3 is two passes and 0.3 of a third."""
    chosen: list[tuple[str, int]] = []
    for name, texts in training.items():
        share = SHARES.get(name, 1.0)
        numbers = list(range(len(texts))) * int(share)
        numbers += draw.sample(range(len(texts)), round(len(texts) * (share - int(share))))
        chosen += ((name, number) for number in numbers)
    draw.shuffle(chosen)
    return chosen


def encoded(sources: Sources, tokenizer: Tokenizer) -> dict[str, list[list[int]]]:
    """The ids of every passage, without special tokens."""
    return {
        name: [found.ids for found in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
        for name, texts in sources.items()
    }


def pieces(ids: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    """A passage cut into parts of nearly equal length, each of at most ``most``."""
    parts = -(-len(ids) // most)
    size = -(-len(ids) // max(parts, 1))
    for start in range(0, len(ids), max(size, 1)):
        yield ids[start : start + size]
