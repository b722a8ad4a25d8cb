"""Dates: ten ways to write one in English to the ISO form, ``Sunday, 22 November 2026`` to ``2026-11-22``, sign by sign.

``python -m checkpoints.recipes.dates``: the data are generated with a seed; about a minute.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import date, timedelta

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig
from checkpoints.recipes import options
from checkpoints.recipes.decoding import greedy
from checkpoints.recipes.folder import Model, write
from checkpoints.recipes.training import SPECIAL, UNKNOWN, Pair, Plan, build, train

NAME = "dates-additive"
PLAN = Plan(steps=2_000)
FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
# Not the calendar module's: those follow the locale.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SOURCE = "abcdefghijklmnopqrstuvwxyz0123456789 ,./"
TARGET = "0123456789-"
LONGEST = 16
EACH = 2  # ways that every training date is shown in
Example = tuple[str, str]


def ways(day: date) -> tuple[str, ...]:
    """The ten ways. Slashes put the month first and stops the day, so that every one has one meaning."""
    name, weekday, number, year = MONTHS[day.month - 1], DAYS[day.weekday()], day.day, day.year
    return (
        f"{name} {number}, {year}",
        f"{number} {name} {year}",
        f"{name[:3]} {number}, {year}",
        f"{number} {name[:3]} {year}",
        f"{weekday}, {name} {number}, {year}",
        f"{weekday}, {number} {name} {year}",
        f"the {ordinal(number)} of {name}, {year}",
        f"{name} {ordinal(number)}, {year}",
        f"{day.month}/{number}/{year}",
        f"{number}.{day.month}.{year}",
    )


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th, 12th, 13th …"""
    ending = "th" if number in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def part_of(day: date) -> str:
    """train, valid (1 %) or test (10 %), by a hash of the date: none is in two parts, however it is written."""
    number = int(hashlib.sha256(day.isoformat().encode()).hexdigest(), 16) % 100
    return "test" if number < 10 else "valid" if number < 11 else "train"


def examples(part: str, seed: int = 1) -> list[Example]:
    """Held-out dates in all ten ways, training dates in two of them, chosen by the seed."""
    draw = random.Random(seed)
    days = [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]
    return [
        (way, day.isoformat())
        for day in days
        if part_of(day) == part
        for way in (draw.sample(ways(day), EACH) if part == "train" else ways(day))
    ]


def tokenizers() -> tuple[Tokenizer, Tokenizer]:
    """Signs on both sides; small and capital letters are the same."""
    source, target = _signs(SOURCE), _signs(TARGET)
    source.normalizer = normalizers.Lowercase()
    return source, target


def _signs(alphabet: str) -> Tokenizer:
    vocabulary = {piece: number for number, piece in enumerate((*SPECIAL, *alphabet))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=SPECIAL[UNKNOWN]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def pairs_of(chosen: Sequence[Example], source: Tokenizer, target: Tokenizer) -> list[Pair]:
    """Examples as ids."""
    return [(tuple(source.encode(way).ids), tuple(target.encode(iso).ids)) for way, iso in chosen]


def judge(model: Model, pairs: Sequence[Pair]) -> dict[str, float]:
    """The share of dates that come out right to the last sign."""
    decoded = greedy(model, [source for source, _ in pairs], LONGEST)
    right = sum(answer == wanted for answer, (_, wanted) in zip(decoded, pairs, strict=True))
    return {"exact": right / len(pairs)}


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = options.parser(__doc__).parse_args(arguments)
    plan, run = options.plan(chosen, PLAN), options.run(chosen, NAME)
    source, target = tokenizers()
    config = Seq2seqConfig(
        "additive",
        source.get_vocab_size(),
        target.get_vocab_size(),
        embedding=64,
        encoder_width=128,
        decoder_width=128,
        attention_width=64,
        longest=LONGEST,
    )
    every = 50 if chosen.smoke else 1
    pairs, valid, test = (pairs_of(examples(part)[::every], source, target) for part in ("train", "valid", "test"))
    model = train(build(lambda: Seq2seq(config), plan), pairs, plan, run, lambda model: judge(model, valid))
    print(f"held-out dates: {judge(model, test)}")
    write(options.folder(chosen, NAME), model, source, target, "dates")


if __name__ == "__main__":
    main()
