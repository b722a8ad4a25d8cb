"""A generator puts words where a text is masked, drawn from what it predicts there (Clark et al. 2020, section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from attnviz.errors import JobError
from attnviz.models.checkpoint import standing
from attnviz.trace import Candidate, Candidates, Drawn, Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.trace import Chosen, Record, Tokens

AT_ONCE = 64
PREDICTING = "the generator predicts"


@torch.inference_mode()
def draw_words(
    checkpoint: Checkpoint, tokens: Tokens, chosen: Sequence[Chosen], seed: int, top: int
) -> Generator[Record, None, tuple[Drawn, ...]]:
    """Yield Candidates for every chosen position, all of them masked together, and return a word drawn for each.

    The draw is at temperature 1 and among words: special tokens, slots that no text uses and numbers without a piece are
    never drawn. The same seed draws the same. Raises CheckpointError without a masked-word head.
    """
    if not chosen:
        return ()
    ids = list(tokens.ids)
    for one in chosen:
        ids[one.position] = one.shown
    row = torch.tensor([ids], device=checkpoint.device)  # (1, tokens)
    places = [(0, one.position) for one in chosen]
    scores = yield from checkpoint.scores(row, tokens, places, Progress(PREDICTING, 0, len(chosen)))
    # A number for every position of the text, so that another rate leaves the luck of each as it is.
    luck = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(1,)))).random(len(tokens))
    found = list[Drawn]()
    for start in range(0, len(chosen), AT_ONCE):
        some, part = chosen[start : start + AT_ONCE], scores[start : start + AT_ONCE]
        logs = part.log_softmax(-1)  # (some, vocabulary); finite where a probability is too small for a float
        probabilities = logs.exp()
        losses = (-logs[range(len(some)), [one.original for one in some]]).tolist()
        words = _words(checkpoint, probabilities, luck[[one.position for one in some]])
        for one, word, loss in zip(some, words, losses, strict=True):
            found.append(Drawn(one.position, one.original, word, loss))
        yield from _candidates(checkpoint, some, probabilities, top)
    return tuple(found)


def pick(probabilities: Tensor, luck: NDArray[np.float64]) -> list[int]:
    """An index drawn from every row of (rows, words), whose sum need not be 1, by a number in [0, 1) for each."""
    ends = probabilities.cpu().double().cumsum(-1)  # (rows, words)
    wanted = torch.from_numpy(luck)[:, None] * ends[:, -1:]  # (rows, 1)
    found: list[int] = torch.searchsorted(ends, wanted, right=True)[:, 0].clamp(max=ends.shape[-1] - 1).tolist()
    return found


def require_one_vocabulary(generator: Checkpoint, discriminator: Checkpoint) -> None:
    """Raise JobError where the discriminator would read other words than the generator writes."""
    if not generator.codec.same_pieces(discriminator.codec):
        names = f"'{generator.report.name}' and '{discriminator.report.name}'"
        sentence = f"{names} have different vocabularies, so one can't read what the other writes; choose two that share one, such as the shipped BERT and ELECTRA."
        raise JobError(sentence, "VOCABULARIES_DIFFER")


def _words(checkpoint: Checkpoint, probabilities: Tensor, luck: NDArray[np.float64]) -> Iterator[Candidate]:
    """A word drawn from every row of (rows, vocabulary)."""
    codec = checkpoint.codec
    words = torch.tensor(codec.vocabulary.words, device=probabilities.device)
    numbers = words[pick(probabilities[:, words], luck)].tolist()
    shares = probabilities[range(len(numbers)), numbers].tolist()
    for number, share in zip(numbers, shares, strict=True):
        yield Candidate(number, codec.piece(number), codec.label(number), share)


def _candidates(
    checkpoint: Checkpoint, chosen: Sequence[Chosen], probabilities: Tensor, top: int
) -> Iterator[Candidates]:
    best = checkpoint.best(probabilities, top)
    for one, row, entries in zip(chosen, probabilities, best, strict=True):
        probability, rank = standing(row, one.original)
        yield Candidates(one.position, entries, checkpoint.codec.label(one.original), rank, probability)
