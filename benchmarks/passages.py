"""Text files as passages: one a line, fortune files by their ``%``; archives are read member by member."""

from __future__ import annotations

import gzip
import lzma
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MOST_WORDS = 100
FEWEST_WORDS = 8
SHINGLE = 8
_END = re.compile(r"""(?<=[.!?])["')\]]*\s+(?=["'(\[]?[A-Z0-9])""")
_ATTRIBUTION = re.compile(r"^[^\S\n]*--.*(?:\n(?:[^\S\n].*)?)*\Z", re.MULTILINE)


def texts(path: Path) -> Iterator[str]:
    """The text of a file, or of every ``.txt`` member of a tar archive; ``.gz`` and ``.xz`` are unpacked."""
    if re.search(r"\.(tar(\.\w+)?|tgz|txz)$", path.name):
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.name.endswith(".txt") else None
                if file is not None:
                    yield file.read().decode("utf-8", "replace")
    else:
        unpack = {".gz": gzip.decompress, ".xz": lzma.decompress}.get(path.suffix, bytes)
        yield unpack(path.read_bytes()).decode("utf-8", "replace")


def sentences(passage: str) -> list[str]:
    """A plain cut after ``. ! ?`` where a capital follows."""
    return [sentence for sentence in _END.split(passage) if sentence]


def passages(text: str) -> Iterator[str]:
    """Lines (or what stands between lines of ``%``), cut at sentence ends into at most about 100 words each."""
    for document in documents(text):
        yield from document


def documents(text: str) -> Iterator[list[str]]:
    """The passages of each document: what stands between lines of ``%``; a text without those is one document."""
    if "\n%\n" in text:
        for part in text.split("\n%\n"):
            yield list(_cut(_ATTRIBUTION.sub("", part)))
    else:
        yield [passage for line in text.splitlines() for passage in _cut(line)]


def _cut(part: str) -> Iterator[str]:
    gathered: list[str] = []
    for sentence in sentences(" ".join(part.split())):
        if gathered and len(" ".join([*gathered, sentence]).split()) > MOST_WORDS:
            yield " ".join(gathered)
            gathered = []
        gathered.append(sentence)
    if len(" ".join(gathered).split()) >= FEWEST_WORDS:
        yield " ".join(gathered)


class Shingles:
    """Every run of eight words of some texts, hashed; tells whether a passage shares one with them."""

    def __init__(self, paths: list[Path]) -> None:
        self._numbers: dict[str, int] = {}
        runs = [
            self._runs(passage, learn=True) for path in paths for text in texts(path) for passage in text.splitlines()
        ]
        self._known = np.unique(np.concatenate(runs)) if runs else np.zeros(0, np.uint64)

    def overlap(self, passage: str) -> bool:
        runs = self._runs(passage, learn=False)
        if not len(runs) or not len(self._known):
            return False
        places = np.searchsorted(self._known, runs).clip(max=len(self._known) - 1)
        return bool((self._known[places] == runs).any())

    def _runs(self, passage: str, *, learn: bool) -> NDArray[np.uint64]:
        """One hash for each run of ``SHINGLE`` words; letters and digits only, lower case."""
        words = re.findall(r"[a-z0-9]+", passage.lower())
        if learn:
            ids = [self._numbers.setdefault(word, len(self._numbers) + 1) for word in words]
        else:
            ids = [self._numbers.get(word, 0) for word in words]
        if len(ids) < SHINGLE:
            return np.zeros(0, np.uint64)
        windows = np.lib.stride_tricks.sliding_window_view(np.array(ids, np.uint64), SHINGLE)  # (runs, SHINGLE)
        factors = np.array([pow(0x9E3779B97F4A7C15, place, 2**64) for place in range(SHINGLE)], np.uint64)
        seen = windows[(windows > 0).all(axis=1)]  # a word that the texts don't have can't be in a run of theirs
        return (seen * factors).sum(axis=1, dtype=np.uint64)
