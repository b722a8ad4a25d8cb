"""Dates: ten ways to write one in English to the ISO form, ``Sunday, 22 November 2026`` to ``2026-11-22``, sign by sign.

``python -m checkpoints.recipes.dates``: the data are generated with a seed; about a minute.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig
from attnviz.text.dates import SOURCE, TARGET, Example, examples
from checkpoints.recipes import options
from checkpoints.recipes.decoding import greedy
from checkpoints.recipes.folder import Model, write
from checkpoints.recipes.training import SPECIAL, UNKNOWN, Pair, Plan, build, train

NAME = "dates-additive"
PLAN = Plan(steps=2_000)
LONGEST = 16


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
