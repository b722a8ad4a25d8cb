"""How long shipped models take, and how well a discriminator tells what a generator put into texts."""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from attnviz.models.detection import judge, require_detector
from attnviz.models.experiments.answers import answers
from attnviz.models.generation import draw_words, require_one_vocabulary
from attnviz.models.mask_rates import ALL_MASKED
from attnviz.models.transformer import Transformer
from attnviz.text.masking import sample
from attnviz.text.spoiling import spoil
from attnviz.trace import Detected, Drawn, Masking, Progress, Record, Tokens

if TYPE_CHECKING:
    from torch import Tensor

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.encoder_decoder import EncoderDecoder

MASKS = Masking(0.15, ALL_MASKED)
Calls = tuple[
    NDArray[np.float64], NDArray[np.bool_]
]  # (judged,) each: the logit of every word, and whether it was replaced
Work = Callable[[], Generator[Progress, None, object]]


def seconds(work: Work, repeats: int) -> Generator[Progress, None, NDArray[np.float64]]:
    """How long each of ``repeats`` runs takes, (repeats,), after one that warms up; what the receiver does meanwhile is not counted."""
    found = []
    for _ in range(repeats + 1):
        running, spent, ended = work(), 0.0, False
        while not ended:
            began = time.perf_counter()
            here = next(running, None)
            spent += time.perf_counter() - began
            if here is None:
                ended = True
            else:
                yield here
        found.append(spent)
    return np.array(found[1:])


def answering(opened: EncoderDecoder, word: str, here: Progress) -> Generator[Progress, None, object]:
    """Read a word and write its answer, the end sign included."""
    return (yield from answers(opened, [opened.source.ids(word)], here))


@torch.inference_mode()
def reading(opened: EncoderDecoder, pieces: int, seed: int, here: Progress) -> Generator[Progress, None, object]:
    """Encode a source of random letters."""
    letters = opened.source.ids(string.ascii_lowercase)
    ids = np.random.default_rng(seed).choice(letters, (1, pieces))
    source = torch.tensor(ids, device=opened.device)  # (1, pieces)
    model = opened.writer.model
    states = model.encode(source) if isinstance(model, Transformer) else model.encode(source).states  # type: ignore[operator] # both kinds have it
    yield here
    return states[0, -1].cpu()  # waits for the device


@torch.inference_mode()
def forward(checkpoint: Checkpoint, tokens: Tokens, here: Progress) -> Generator[Progress, None, object]:
    """A text through all layers, and its head: for every word where it detects, for one where it predicts."""
    ids = torch.tensor([tokens.ids], device=checkpoint.device)  # (1, tokens)
    states = yield from _layers(checkpoint, ids, here)
    model = checkpoint.model
    return (model.word_logits(states[0, 1:2]) if model.rtd is None else model.replaced_logits(states[0])).cpu()


@torch.inference_mode()
def forward_of(checkpoint: Checkpoint, positions: int, seed: int, here: Progress) -> Generator[Progress, None, object]:
    """So many random words through all layers."""
    ids = np.random.default_rng(seed).choice(checkpoint.codec.vocabulary.words, (1, positions))
    states = yield from _layers(checkpoint, torch.tensor(ids, device=checkpoint.device), here)
    return states[0, -1].cpu()


def _layers(checkpoint: Checkpoint, ids: Tensor, here: Progress) -> Generator[Progress, None, Tensor]:
    """Last states (1, tokens, hidden) of ids (1, tokens)."""
    states = checkpoint.model.embeddings(ids, torch.zeros_like(ids))
    for layer in checkpoint.model.layers:
        states = layer(states).output
        yield here
    return states


def told(
    generator: Checkpoint, discriminator: Checkpoint, texts: Sequence[Tokens], seed: int, draws: int, what: str
) -> Generator[Record, None, Calls]:
    """Each text ``draws`` times masked, filled by the generator and judged; Progress is yielded in between. Raises CheckpointError and JobError."""
    require_detector(discriminator)
    require_one_vocabulary(generator, discriminator)
    longest = min(each.model.config.longest for each in (generator, discriminator))
    logits, replaced = [np.zeros(0)], [np.zeros(0, dtype=bool)]
    for number in range(len(texts) * draws):
        text, here = texts[number % len(texts)], Progress(what, number, len(texts) * draws)
        chosen = sample(text, MASKS, seed, generator.codec, number).chosen
        drawn = yield from _drawn(draw_words(generator, text, chosen, seed + number, 1), here)
        spoiled = spoil(text, drawn, {}, generator.codec, longest)
        for record in judge(discriminator, spoiled.tokens, here):
            if isinstance(record, Detected):
                logits.append(record.logits.astype(np.float64))
                replaced.append(np.array([spoiled.replaced[place] for place in record.positions], dtype=bool))
            else:
                yield here
    return np.concatenate(logits), np.concatenate(replaced)


def _drawn(
    running: Generator[Record, None, tuple[Drawn, ...]], here: Progress
) -> Generator[Progress, None, tuple[Drawn, ...]]:
    """What is drawn; ``here`` stands in place of everything that is told on the way."""
    while True:
        try:
            next(running)
        except StopIteration as ended:
            found: tuple[Drawn, ...] = ended.value
            return found
        yield here
