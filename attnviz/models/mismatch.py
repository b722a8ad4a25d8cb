"""The same position predicted while ``[MASK]``, a random word or the word itself is shown there.

Downstream texts have no ``[MASK]``: so that a model doesn't learn to predict from that sign alone, pre-training shows it at 80 % of
the chosen positions, a random word at 10 % and the word itself at 10 % (Devlin et al. 2019, section 3.1 and appendix C.2).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from attnviz.models.checkpoint import standing
from attnviz.models.finite import finite
from attnviz.text.masking import choose
from attnviz.trace import Candidates, Chosen, Masking, Mismatch, Progress, Record, Shown, Tokens

if TYPE_CHECKING:
    from torch import Tensor

    from attnviz.models.checkpoint import Checkpoint

BATCH_TOKENS, HEAD_ROWS = 512, 32
EVERY_ONE_RANDOM = Masking(1.0, (0.0, 1.0, 0.0))
WHAT = "predicting each word three times"


@dataclass(frozen=True, slots=True)
class _Asker:
    """What is asked of one text."""

    checkpoint: Checkpoint
    tokens: Tokens
    top: int

    def shown(self, probabilities: Tensor, chosen: Chosen, shown: int) -> Shown:
        """How (vocabulary,) probabilities stand at a position where ``shown`` is shown."""
        codec, original = self.checkpoint.codec, chosen.original
        probability, rank = standing(probabilities, original)
        [entries] = self.checkpoint.best(probabilities[None], self.top)
        candidates = Candidates(chosen.position, entries, codec.label(original), rank, probability)
        return Shown(candidates, codec.label(shown), *standing(probabilities, shown))

    @torch.inference_mode()
    def kept(self, chosen: Sequence[Chosen], here: Progress) -> Generator[Record, None, list[Shown]]:
        """Each position while the word itself is shown: all from one forward of the unchanged text."""
        ids = torch.tensor([self.tokens.ids], device=self.checkpoint.device)  # (1, tokens)
        states = yield from self.checkpoint.variants(ids, self.tokens, here)  # (1, tokens, hidden)
        found: list[Shown] = []
        for start in range(0, len(chosen), HEAD_ROWS):
            part = chosen[start : start + HEAD_ROWS]
            places = [one.position for one in part]
            logits = finite(self.checkpoint.model.word_logits(states[0, places]))  # (positions, vocabulary)
            rows = zip(part, logits.softmax(-1), strict=True)
            found += [self.shown(row, one, one.original) for one, row in rows]
            yield here
        return found

    @torch.inference_mode()
    def replaced(self, part: Sequence[Chosen], here: Progress) -> Generator[Record, None, list[tuple[Shown, Shown]]]:
        """Each position with ``[MASK]`` and with its random word, one position at a time changed."""
        mask = self.checkpoint.codec.vocabulary.mask
        signs = [(one, sign) for one in part for sign in (mask, one.shown)]
        ids = torch.tensor(self.tokens.ids, device=self.checkpoint.device).repeat(len(signs), 1)  # (variants, tokens)
        rows, places = list(range(len(signs))), [one.position for one, _ in signs]
        ids[rows, places] = torch.tensor([sign for _, sign in signs], device=self.checkpoint.device)
        asked = tuple(zip(rows, places, strict=True))
        probabilities = yield from self.checkpoint.predict(ids, self.tokens, asked, here)  # (variants, vocabulary)
        found = [self.shown(row, one, sign) for row, (one, sign) in zip(probabilities, signs, strict=True)]
        return list(zip(found[::2], found[1::2], strict=True))


def compare(checkpoint: Checkpoint, tokens: Tokens, seed: int, top: int, first: int | None = None) -> Iterator[Record]:
    """Yield a Mismatch for every position that may be masked, ``first`` before the others, with the ``top`` candidates of each kind.

    The random words are those that masking with this seed would show; Progress comes in between.
    """
    asker = _Asker(checkpoint, tokens, top)
    chosen = sorted(
        choose(tokens, EVERY_ONE_RANDOM, seed, checkpoint.codec.vocabulary),
        key=lambda one: (one.position != first, one.position),
    )
    kept = yield from asker.kept(chosen, Progress(WHAT, 0, len(chosen)))
    at_once = min(HEAD_ROWS // 2, max(1, BATCH_TOKENS // (2 * len(tokens))))
    for start in range(0, len(chosen), at_once):
        part, here = chosen[start : start + at_once], Progress(WHAT, start, len(chosen))
        replaced = yield from asker.replaced(part, here)
        for one, (masked, random), own in zip(part, replaced, kept[start : start + at_once], strict=True):
            yield Mismatch(one.position, masked, random, own)
    yield Progress(WHAT, len(chosen), len(chosen))
