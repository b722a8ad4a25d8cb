"""Pre-training in small: a text in blocks of words, masks at any rate, and BERT, ELECTRA and probes that learn from the same blocks.

Devlin et al. 2019, section 3.1, for masks; Wettig et al. 2023, "Should you mask 15 % in masked language modeling?", for
other rates; Clark et al. 2020, section 2, for ELECTRA: a generator fills masks, a discriminator tells what was replaced.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.models.bert import Bert
from attnviz.models.config import BertConfig
from attnviz.models.experiments.learner import Course, Learner
from attnviz.models.experiments.pretraining_measures import (
    Detected,
    Judged,
    detection,
    judged,
    masked_loss,
    replaced,
    word_logits,
)
from attnviz.models.masks import Masked, mask
from attnviz.models.transformer_layers import sinusoids
from attnviz.text.lexicon import MASK, SPECIAL, UNKNOWN, Lexicon, lexicon_of, words_of
from attnviz.trace import Progress

VOCABULARY = 1000
TOKENS, ROWS = 32, 32
HIDDEN, LAYERS, HEADS = 64, 1, 4
GENERATOR = 32  # its width: a quarter to a half of the discriminator's (Clark et al. 2020, section 3.2)
USUAL = 0.15
ROUNDS = 3  # masks drawn for each held-out block
EVERY = 10  # one block in so many is held out
WEIGHT = 50.0  # of the discriminator's loss (section 2)
_SPREAD, _OF_PLACES = 0.1, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A text in blocks (blocks, TOKENS): those to learn from, and masks in those that are held out, the same for all.

    ``frequent`` is how often each word of the lexicon stands in the training blocks, smoothed by one: (vocabulary,).
    """

    lexicon: Lexicon
    training: Tensor
    held_out: tuple[Masked, ...]
    frequent: Tensor

    def draw(self, chance: torch.Generator) -> Tensor:
        """Some training blocks, (ROWS, TOKENS)."""
        return self.training[torch.randint(len(self.training), (ROWS,), generator=chance)]

    @property
    def wanted(self) -> Tensor:
        """The words behind all held-out masks."""
        return torch.cat([each.wanted for each in self.held_out])


def read(text: str, seed: int) -> Generator[Progress, None, Corpus]:
    """Cut a text into blocks, and hold some out with their masks; the lexicon is that of the whole text."""
    yield Progress("reading")
    words = words_of(text)
    yield Progress("counting words")
    lexicon = lexicon_of(words, VOCABULARY)
    ids = torch.tensor(lexicon.ids(words))
    yield Progress("cutting blocks")
    blocks = ids[: len(ids) // TOKENS * TOKENS].view(-1, TOKENS)  # (blocks, TOKENS)
    kept = torch.arange(len(blocks)) % EVERY == EVERY - 1
    chance = torch.Generator().manual_seed(seed)
    held_out = tuple(masked(blocks[kept], USUAL, chance) for _ in range(ROUNDS))
    frequent = torch.bincount(blocks[~kept].flatten(), minlength=len(lexicon.words)).double() + 1
    frequent[: len(SPECIAL)] = 1.0
    return Corpus(lexicon, blocks[~kept], held_out, frequent)


def masked(ids: Tensor, rate: float, chance: torch.Generator, words: int = 0) -> Masked:
    """Words chosen at a rate, never unknown ones. All are hidden; given a lexicon of ``words``, as BERT does it: 80-10-10."""
    split = (0.8, 0.1) if words else (1.0, 0.0)
    return mask(ids, ids != UNKNOWN, MASK, (len(SPECIAL), words or len(SPECIAL) + 1), chance, split, rate)


def encoder(width: int, layers: int, seed: int, corpus: Corpus, *, mlm: bool = False, rtd: bool = False) -> Bert:
    """A small BERT whose words are HIDDEN wide.

    Places begin as sinusoids that outweigh words, and keys as queries: at first a place looks at places like it, near ones.
    That shortens the long wait until attention begins to help.
    """
    size = len(corpus.lexicon.words)
    config = BertConfig(size, width, layers, HEADS, 4 * width, TOKENS, segments=0, embedding=HIDDEN)
    model = Bert(config, pooler=False, nsp=False, mlm=mlm, rtd=rtd)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(0, _SPREAD, generator=chance)
            elif isinstance(module, nn.Linear):
                module.weight.normal_(0, module.in_features**-0.5, generator=chance)
                module.bias.zero_()
        for layer in range(layers):
            attention = model.block(layer).attention
            attention.key.weight.copy_(attention.query.weight)
        model.embeddings.position.weight.copy_(_OF_PLACES * _SPREAD * sinusoids(0, TOKENS, HIDDEN))
        if model.mlm is not None:
            model.mlm.bias.copy_(usual(corpus))
    return model


def usual(corpus: Corpus) -> Tensor:
    """The log of how frequent each word is: what an output begins with, so that nobody has to learn it first."""
    return (corpus.frequent / corpus.frequent.sum()).log().float()


class MaskedModel:
    """BERT at a rate of masks; ``supervised`` counts the positions that it was asked for."""

    def __init__(self, model: Bert, rate: float, course: Course) -> None:
        self.model, self.rate = model, rate
        self.supervised = 0
        self._learner = Learner(list(model.parameters()), course)

    def learn(self, ids: Tensor, chance: torch.Generator) -> float:
        batch = masked(ids, self.rate, chance, self.model.config.vocabulary)
        self.supervised += len(batch.wanted)
        return self._learner.learn(partial(masked_loss, self.model, batch))

    def judged(self, held_out: Sequence[Masked]) -> Generator[None, None, Judged]:
        return (yield from judged(partial(word_logits, self.model), held_out))


class Electra:
    """Generator and discriminator share their words; both learn at every step, the discriminator from every known word.

    Its loss is some WEIGHT times as large as BERT's, so its gradients may be as much longer before they are clipped.
    """

    def __init__(self, generator: Bert, discriminator: Bert, course: Course) -> None:
        generator.embeddings.word = discriminator.embeddings.word
        self.generator, self.discriminator = generator, discriminator
        self.supervised = 0
        both = {id(each): each for model in (generator, discriminator) for each in model.parameters()}
        self.parameters = list(both.values())
        self._learner = Learner(self.parameters, replace(course, clip=course.clip * WEIGHT))

    def learn(self, ids: Tensor, chance: torch.Generator) -> float:
        batch = masked(ids, USUAL, chance)
        self.supervised += int((ids != UNKNOWN).sum())
        return self._learner.learn(partial(self.loss, ids, batch, chance))

    def loss(self, ids: Tensor, batch: Masked, chance: torch.Generator) -> Tensor:
        """The generator's loss plus WEIGHT times the discriminator's; nothing flows back through what was drawn."""
        logits = word_logits(self.generator, batch)  # (chosen, vocabulary)
        spoiled = replaced(batch, logits.detach(), chance)  # (rows, tokens)
        told = self.discriminator.replaced_logits(self.discriminator(spoiled))  # (rows, tokens)
        known = ids != UNKNOWN
        found = F.binary_cross_entropy_with_logits(told[known], (spoiled != ids)[known].float())
        return F.cross_entropy(logits, batch.wanted) + WEIGHT * found

    @torch.inference_mode()
    def detected(self, held_out: Sequence[Masked], seed: int) -> Generator[None, None, Detected]:
        """How well words that the generator replaces in held-out text are told from the others; yield after every batch."""
        chance = torch.Generator().manual_seed(seed)
        said, truth = [], []
        for batch in held_out:
            ids = batch.ids.index_put((batch.rows, batch.columns), batch.wanted)
            spoiled = replaced(batch, word_logits(self.generator, batch), chance)
            told = self.discriminator.replaced_logits(self.discriminator(spoiled))
            said.append(told[ids != UNKNOWN])
            truth.append((spoiled != ids)[ids != UNKNOWN])
            yield
        return detection(torch.cat(said), torch.cat(truth))


class Probe:
    """A linear map from an encoder's last states to words, that learns while the encoder does and changes nothing of it."""

    def __init__(self, encoder: Bert, corpus: Corpus, course: Course) -> None:
        self.encoder = encoder
        self.linear = nn.Linear(encoder.config.hidden, len(corpus.lexicon.words))
        with torch.no_grad():
            self.linear.weight.zero_()
            self.linear.bias.copy_(usual(corpus))
        self._learner = Learner(list(self.linear.parameters()), course)

    def learn(self, ids: Tensor, chance: torch.Generator) -> float:
        batch = masked(ids, USUAL, chance)
        with torch.no_grad():
            states = self.encoder(batch.ids)[batch.rows, batch.columns]  # (chosen, hidden)
        return self._learner.learn(lambda: F.cross_entropy(self.linear(states), batch.wanted))

    def logits(self, batch: Masked) -> Tensor:
        found: Tensor = self.linear(self.encoder(batch.ids)[batch.rows, batch.columns])
        return found  # (chosen, vocabulary)

    def judged(self, held_out: Sequence[Masked]) -> Generator[None, None, Judged]:
        return (yield from judged(self.logits, held_out))
