"""An ELECTRA discriminator (Clark et al. 2020) against the shipped BERT: was this word replaced, and by how much of a chance?

``python -m checkpoints.recipes.electra --data english-text.tar.xz``: BERT masks 15 % of a passage's pieces and puts words drawn
from its own predictions there; the discriminator begins as BERT's first three layers and learns to tell which were replaced. Beside
that it learns to come to the states that BERT itself has after three layers: its embeddings are six times narrower. In a second part
some of the replaced words are any words at all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from tokenizers import Tokenizer
from torch import Tensor

from attnviz.models.bert import Bert
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from checkpoints.recipes import options
from checkpoints.recipes.encoder_folder import write_encoder
from checkpoints.recipes.english import encoded, one_round, pieces, read, split
from checkpoints.recipes.halved import frequencies, halved
from checkpoints.recipes.loop import Plan, learn
from checkpoints.recipes.masks import mask

NAME = "electra-l3-h384-en"
GENERATOR = options.HERE.parent / "bert-l6-h384-en"
LAYERS = 3  # BERT's first
WIDTH = 64  # of the embeddings
LONGEST = 126
POOL = 64  # so many batches of short passages are sorted by length together
RANDOM = 0.3  # of the masked pieces get any word at all in the second part, as when a person puts one in
FURTHER = Plan(
    steps=1_300,
    batch_tokens=2048,
    rate=4e-4,
    warm_up=50,
    bfloat16=True,
    seed=2,
    threads=2,
    report_every=50,
    save_every=150,
)
PLAN = Plan(steps=2_200, batch_tokens=2048, rate=6e-4, warm_up=100, bfloat16=True, report_every=50, save_every=250)


class Batch(NamedTuple):
    """A text with replaced words: ``ids`` (rows, tokens); ``replaced`` and ``judged`` (no padding, nothing special) are boolean."""

    ids: Tensor
    present: Tensor
    replaced: Tensor
    judged: Tensor
    states: Tensor  # (rows, tokens, hidden), BERT's own after as many layers


class Spoiler:
    """The generator: it masks, predicts and draws; nothing of it is trained."""

    def __init__(self, generator: Bert, tokenizer: Tokenizer) -> None:
        self.generator = generator
        vocabulary = tokenizer.get_vocab()
        self.special = {name: vocabulary[name] for name in ("[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]")}
        self.vocabulary = tokenizer.get_vocab_size()
        self.words = torch.tensor(sorted(number for piece, number in vocabulary.items() if piece.isalpha()))

    def padded(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """``[CLS] text [SEP]`` filled up to the longest, (rows, tokens)."""
        begin, end, pad = (self.special[name] for name in ("[CLS]", "[SEP]", "[PAD]"))
        width = max(map(len, texts)) + 2
        return torch.tensor([[begin, *text, end, *[pad] * (width - 2 - len(text))] for text in texts])

    @torch.no_grad()
    def spoil(self, ids: Tensor, draws: torch.Generator | None = None, random_share: float = 0.0) -> Batch:
        """Replace what was masked by words drawn from the generator, a share of it by any; a word drawn as it was counts as original."""
        generator = draws or torch.default_generator
        present = ids.ne(self.special["[PAD]"])
        judged = ~torch.isin(ids, torch.tensor(list(self.special.values())))
        masked = mask(ids, judged, self.special["[MASK]"], (0, self.vocabulary), generator, (1.0, 0.0))
        with torch.autocast("cpu", torch.bfloat16):
            states = self.generator(masked.ids, mask=present)  # (rows, tokens, hidden)
            logits = self.generator.word_logits(states[masked.rows, masked.columns])  # (chosen, vocabulary)
        drawn = torch.multinomial(logits.float().softmax(-1), 1, generator=generator)[:, 0]
        if random_share:
            any_word = self.words[torch.randint(len(self.words), drawn.shape, generator=generator)]
            drawn = torch.where(torch.rand(drawn.shape, generator=generator) < random_share, any_word, drawn)
        spoiled = ids.index_put((masked.rows, masked.columns), drawn)
        return Batch(spoiled, present, spoiled != ids, judged, self._states(spoiled, present))

    def _states(self, ids: Tensor, present: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            states: Tensor = self.generator.embeddings(ids, torch.zeros_like(ids))
            for layer in range(LAYERS):
                states = self.generator.block(layer)(states, present[:, None, None, :]).output
        return states.float()


def batches(ids: Mapping[str, Sequence[Sequence[int]]], plan: Plan, skip: int = 0) -> Iterator[list[Sequence[int]]]:
    """Endless groups of passages of similar length; the first ``skip`` are passed over."""
    number = 0
    for epoch in range(1_000_000):
        draw = random.Random(f"{plan.seed}/{epoch}")
        parts = (part for name, place in one_round(ids, draw) for part in pieces(ids[name][place], LONGEST))
        for group in _groups(parts, plan.batch_tokens, draw):
            number += 1
            if number > skip:
                yield group


def _groups(parts: Iterator[Sequence[int]], tokens: int, draw: random.Random) -> Iterator[list[Sequence[int]]]:
    pool: list[Sequence[int]] = []
    for part in parts:
        pool.append(part)
        if len(pool) >= POOL * tokens // 32:
            yield from _sorted(pool, tokens, draw)
            pool = []
    yield from _sorted(pool, tokens, draw)


def _sorted(pool: list[Sequence[int]], tokens: int, draw: random.Random) -> list[list[Sequence[int]]]:
    groups: list[list[Sequence[int]]] = []
    group: list[Sequence[int]] = []
    for part in sorted(pool, key=len):
        if group and (len(part) + 2) * (len(group) + 1) > tokens:
            groups.append(group)
            group = []
        group.append(part)
    groups += [group] if group else []
    draw.shuffle(groups)
    return groups


def loss_of(model: Bert, batch: Batch, plan: Plan) -> Tensor:
    """Binary cross-entropy over all words, replaced or not, and the mean square by which the states miss BERT's."""
    with torch.autocast("cpu", torch.bfloat16, enabled=plan.bfloat16):
        states = model(batch.ids, mask=batch.present)  # (rows, tokens, hidden)
        logits = model.replaced_logits(states)  # (rows, tokens)
    wanted = batch.replaced[batch.judged].float()
    missed = F.mse_loss(states.float()[batch.judged], batch.states[batch.judged])
    return F.binary_cross_entropy_with_logits(logits.float()[batch.judged], wanted) + missed


@torch.inference_mode()
def judge(model: Bert, spoiled: Sequence[Batch]) -> dict[str, float]:
    """How well replaced words of held-out text are told from others; accuracy would flatter, for nine in ten are originals."""
    probabilities, replaced = [], []
    for batch in spoiled:
        logits = model.replaced_logits(model(batch.ids, mask=batch.present))
        probabilities.append(logits.sigmoid()[batch.judged])
        replaced.append(batch.replaced[batch.judged])
    return figures(torch.cat(probabilities).numpy(), torch.cat(replaced).numpy())


def figures(probability: np.ndarray, replaced: np.ndarray) -> dict[str, float]:
    """Precision, recall and F1 of "replaced" at a probability of one half, the area under the ROC curve, and how many are replaced."""
    said = probability >= 0.5
    hits = float((said & replaced).sum())
    precision, recall = hits / max(int(said.sum()), 1), hits / max(int(replaced.sum()), 1)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(precision + recall, 1e-12),
        "auc": area(probability, replaced),
        "replaced": float(replaced.mean()),
        "words": len(replaced),
    }


def area(probability: np.ndarray, replaced: np.ndarray) -> float:
    """The chance that a replaced word has a higher probability than an original one; half of it where they are equal."""
    _, place, counts = np.unique(probability, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]  # mean rank of equal values, from 1
    positives, negatives = int(replaced.sum()), int((~replaced).sum())
    return float((ranks[replaced].sum() - positives * (positives + 1) / 2) / max(positives * negatives, 1))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a .tar.xz of text files, or a text; a passage a line")
    parser.add_argument("--generator", type=Path, default=GENERATOR, help="the folder of the BERT that replaces words")
    chosen = parser.parse_args(arguments)
    plan = options.plan(chosen, PLAN)
    training, held_out = split(read(chosen.data))
    if not held_out or not any(training.values()):
        raise SystemExit(f"{chosen.data} holds too few passages to hold some out; give a larger text.")
    opened = Library().encoder(Reference(str(chosen.generator), "cpu"))
    cutter = Tokenizer.from_str(opened.codec.spec.json)
    spoiler = Spoiler(opened.model, cutter)
    draws = torch.Generator().manual_seed(0)
    kept = _first(batches(encoded({"held out": held_out}, cutter), plan), 4 if chosen.smoke else 24)
    spoiled = [spoiler.spoil(spoiler.padded(group), draws) for group in kept]
    ids = encoded(training, cutter)
    run = options.run(chosen, NAME)
    torch.manual_seed(plan.seed)
    model = halved(opened.model, LAYERS, WIDTH, frequencies(ids, opened.model.config.vocabulary))
    model = _part(model, ids, spoiler, plan, run, spoiled, 0.0)
    further = options.plan(chosen, FURTHER)
    torch.manual_seed(further.seed)
    model = _part(model, ids, spoiler, further, run / "further", spoiled, RANDOM)
    print(f"held-out passages: {judge(model, spoiled)}")
    write_encoder(options.folder(chosen, NAME), model, cutter, "ElectraForPreTraining")


def _part(
    model: Bert,
    ids: Mapping[str, Sequence[Sequence[int]]],
    spoiler: Spoiler,
    plan: Plan,
    run: Path,
    spoiled: Sequence[Batch],
    random_share: float,
) -> Bert:
    """One part of the training, with its own schedule and log."""
    return learn(
        model,
        lambda done: (
            spoiler.spoil(spoiler.padded(group), random_share=random_share) for group in batches(ids, plan, done)
        ),
        lambda model, batch: (loss_of(model, batch, plan), int(batch.present.sum())),
        plan,
        run,
        lambda model: judge(model, spoiled),
    )


def _first(groups: Iterator[list[Sequence[int]]], count: int) -> list[list[Sequence[int]]]:
    return [group for group, _ in zip(groups, range(count), strict=False)]


if __name__ == "__main__":
    main()
