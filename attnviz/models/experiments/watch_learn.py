"""Watch it learn: an encoder–decoder and a Transformer learn to write dates from the same batches, and are looked at on the way."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.models.attention import numbers
from attnviz.models.experiments.learner import Course, Learner
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig
from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig
from attnviz.text.dates import (
    BEGIN,
    EACH,
    END,
    SOURCE,
    SPECIAL,
    TARGET,
    Example,
    every_day,
    part_of,
    source_ids,
    target_ids,
    ways,
)
from attnviz.trace import Floats, Progress

ROWS = 64
LONGEST = 16
HELD_OUT = 250
DAYS_A_STEP, LEAST_DAYS = 30, 3000  # so many days are written out
_DAYS_AT_ONCE = 500
_SOURCE, _TARGET = len(SPECIAL) + len(SOURCE), len(SPECIAL) + len(TARGET)

Dater = Seq2seq | Transformer


class Batch(NamedTuple):
    """Dates whose written forms are equally long: what is read, the signs before each, and the signs to be written."""

    source: Tensor  # (rows, source)
    previous: Tensor  # (rows, steps)
    wanted: Tensor  # (rows, steps)


class Judged(NamedTuple):
    """Held-out dates: how many came out right to the last sign, of how many, and the loss in nats a sign."""

    right: int
    total: int
    loss: float

    @property
    def exact(self) -> float:
        return self.right / self.total


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A model after ``step`` steps: the mean loss of those since the last look (nan at first), and what it makes of one date."""

    step: int
    training: float
    judged: Judged
    weights: Floats  # (steps, source)
    written: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """Training pairs by the length of what is read, and held-out ones of days that training never shows."""

    training: dict[int, list[Example]]
    held_out: tuple[Batch, ...]

    def draw(self, chance: random.Random) -> Batch:
        """Some pairs of one length; a length comes as often as it has pairs."""
        lengths = list(self.training)
        (length,) = chance.choices(lengths, [len(self.training[each]) for each in lengths])
        return batch_of(chance.choices(self.training[length], k=ROWS))


def prepared(steps: int, seed: int, without: date) -> Generator[Progress, None, Data]:
    """Days in random order, two ways each to learn from and one way each held out; the day ``without`` is not shown."""
    chance = random.Random(seed)
    days = every_day()
    chance.shuffle(days)
    training: dict[int, list[Example]] = defaultdict(list)
    held_out: dict[int, list[Example]] = defaultdict(list)
    wanted, kept = min(len(days), max(LEAST_DAYS, steps * DAYS_A_STEP)), 0
    for number, day in enumerate(days[:wanted]):
        if number % _DAYS_AT_ONCE == 0:
            yield Progress("writing dates", number, wanted)
        part = part_of(day)
        if part == "train" and day != without:
            for way in chance.sample(ways(day), EACH):
                training[len(way)].append((way, day.isoformat()))
        elif part == "test" and day != without and kept < HELD_OUT:
            way = chance.choice(ways(day))
            held_out[len(way)].append((way, day.isoformat()))
            kept += 1
    return Data(dict(training), tuple(batch_of(held_out[length]) for length in sorted(held_out)))


def batch_of(examples: Sequence[Example]) -> Batch:
    targets = [target_ids(iso) for _, iso in examples]
    return Batch(
        torch.tensor([source_ids(way) for way, _ in examples]),
        torch.tensor([(BEGIN, *ids) for ids in targets]),
        torch.tensor([(*ids, END) for ids in targets]),
    )


class Pupil:
    """A model that learns, and can be looked at in between."""

    def __init__(self, model: Dater, course: Course) -> None:
        self.model = model
        self.parameters = sum(each.numel() for each in model.parameters())
        self._learner = Learner(list(model.parameters()), course)
        self._losses: list[float] = []

    def learn(self, batch: Batch) -> None:
        self._losses.append(self._learner.learn(partial(loss_of, self.model, batch)))

    def look(self, held_out: Sequence[Batch], example: Batch) -> Generator[None, None, Look]:
        """Yield after every batch that is judged."""
        found = yield from judged(self.model, held_out)
        training = sum(self._losses) / len(self._losses) if self._losses else math.nan
        self._losses.clear()
        text = written(self.model, example.source)
        return Look(self._learner.step, training, found, alignment(self.model, example), text)


def recurrent(seed: int) -> Seq2seq:
    """Bidirectional GRU, additive attention, GRU (Bahdanau et al. 2015), beginning as torch's own layers do."""
    config = Seq2seqConfig(
        "additive", _SOURCE, _TARGET, embedding=64, encoder_width=128, decoder_width=128, attention_width=64,
        longest=LONGEST,
    )  # fmt: skip
    model = Seq2seq(config)
    begin(model, torch.Generator().manual_seed(seed))
    return model


@torch.no_grad()
def begin(model: nn.Module, chance: torch.Generator) -> None:
    """Torch's usual first weights, drawn from ``chance``: embeddings are normal, matrices uniform within 1 / √width."""
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            module.weight.normal_(generator=chance)
        elif isinstance(module, nn.Linear | nn.GRU):
            width = module.hidden_size if isinstance(module, nn.GRU) else module.in_features
            for parameter in module.parameters():
                parameter.uniform_(-(width**-0.5), width**-0.5, generator=chance)


def transformer(seed: int) -> Transformer:
    """Two encoder and two decoder layers of four heads; norms before the sublayers learn without long warm-up."""
    config = TransformerConfig(
        _SOURCE, _TARGET, hidden=64, heads=4, encoder_layers=2, decoder_layers=2, intermediate=128, norm="pre",
        longest=LONGEST,
    )  # fmt: skip
    model = Transformer(config)
    model.initialise(torch.Generator().manual_seed(seed))
    return model


def loss_of(model: Dater, batch: Batch) -> Tensor:
    """Cross-entropy in nats a sign, the signs before each given."""
    logits: Tensor = model(batch.source, batch.previous)  # (rows, steps, target vocabulary)
    return F.cross_entropy(logits.flatten(0, 1), batch.wanted.flatten())


@torch.inference_mode()
def judged(model: Dater, held_out: Sequence[Batch]) -> Generator[None, None, Judged]:
    """Yield after every batch; return how many dates the model writes right.

    A date is written right, the most probable sign at every step, exactly if each of its signs is the most probable one
    after the right signs before it: one pass instead of a step a sign.
    """
    right = total = 0
    nats = 0.0
    for batch in held_out:
        logits = model(batch.source, batch.previous)  # (rows, steps, target vocabulary)
        right += int((logits.argmax(-1) == batch.wanted).all(1).sum())
        nats += float(F.cross_entropy(logits.flatten(0, 1), batch.wanted.flatten())) * len(batch.source)
        total += len(batch.source)
        yield
    return Judged(right, total, nats / total)


@torch.inference_mode()
def alignment(model: Dater, example: Batch) -> Floats:
    """Where the model looks for each sign of the right answer: (steps, source).

    The Transformer's are the cross-attention weights of its last layer, the mean of its heads.
    """
    if isinstance(model, Seq2seq):
        encoded = model.encode(example.source)
        weights = model.steps(example.previous, encoded.fixed, encoded).weights  # (1, steps, source)
        if weights is None:
            raise RuntimeError("a model without attention has no alignment")
        return numbers(weights[0])
    stages = model.decode(model.start(example.source), example.previous).layers[-1].cross
    query, key = stages["query"][0], stages["key"][0]  # (heads, steps, head_dim), (heads, source, head_dim)
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5  # (heads, steps, source)
    return numbers(scores.softmax(-1).mean(0))


@torch.inference_mode()
def written(model: Dater, source: Tensor) -> tuple[int, ...]:
    """What the model writes on its own for ``source`` (1, source): the most probable sign at every step until the end."""
    previous = torch.full((1, 1), BEGIN)
    while previous.shape[1] <= LONGEST:
        best = model(source, previous)[:, -1].argmax(-1)  # (1,)
        if int(best) == END:
            break
        previous = torch.cat([previous, best[None]], 1)  # (1, steps)
    return tuple(previous[0, 1:].tolist())
