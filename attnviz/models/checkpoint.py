"""An open checkpoint: its model, its codec and its load report, and the questions that jobs may ask of them."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from attnviz.errors import CheckpointError, JobError, TextError
from attnviz.models.attention import numbers, overview
from attnviz.models.checked import block_weights, check
from attnviz.models.edited import layer_change
from attnviz.models.finite import finite
from attnviz.models.lens import Reader, read_lens
from attnviz.trace import (
    Attention,
    Candidate,
    Candidates,
    LoadReport,
    Notice,
    Overview,
    OwnProbability,
    Progress,
    Record,
    Site,
    Timing,
    Tokens,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Sequence

    from attnviz.edits import PatchFromText, PatchHidden
    from attnviz.models.bert import Bert
    from attnviz.models.edited import Edits, Kept
    from attnviz.models.gate import Verdict
    from attnviz.text.codec import Codec
    from attnviz.trace import Block, BlockWeights, Checked, Floats, Hidden, Span

MOST_MASKS = 32
BATCH_TOKENS = 2048
EXPECTED = 20
WORDS_AT_ONCE = 64


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Reads only; one thread uses it. Tensors stay inside: what comes out is records.

    ``patches`` remembers states of other texts that were patched in, so that no forward is run twice for them.
    """

    model: Bert
    codec: Codec
    report: LoadReport
    device: torch.device
    verdict: Verdict
    patches: dict[PatchFromText, PatchHidden] = field(default_factory=dict)

    def encode(self, text: str, pair: str | None = None, masked: Sequence[Span] = ()) -> Iterator[Record]:
        """Yield a Notice where the text was cut to the model's positions, then the Tokens. Raises TextError."""
        tokens = self.codec.encode(text, pair, masked, self.model.config.longest)
        if tokens.total > len(tokens):
            added = sum(tokens.special)
            sentence = f"Showing the first {len(tokens) - added} of {tokens.total - added} tokens: the model reads at most {len(tokens)}, {added} of them special."
            yield Notice("truncated", sentence)
        yield tokens

    @torch.inference_mode()
    def trace(
        self,
        tokens: Tokens,
        blocks: Collection[int] = (),
        edits: Edits = (),
        kept: Kept | None = None,
        *,
        streams: bool = False,
    ) -> Generator[Record, None, Tensor]:
        """Yield the forward's records layer by layer, then its Timing; return the last states (1, tokens, hidden).

        The time is the forward's own: what the receiver does between two records is not counted. ``edits`` change it from
        their layers on; of an earlier run, what it ``kept`` is given again instead of being computed.
        """
        row, segments = self._row(tokens.ids), self._row(self._segments(tokens))
        run = self.model.trace(row, segments, None, blocks, edits, kept, streams=streams)
        spent = 0.0
        while True:
            started = time.perf_counter()
            try:
                record = next(run)
            except StopIteration as finished:
                yield Timing(spent + time.perf_counter() - started)
                states: Tensor = finished.value
                return states
            spent += time.perf_counter() - started
            yield record

    @torch.inference_mode()
    def states(self, tokens: Tokens, layer: int) -> Floats:
        """The states that enter ``layer`` (numbered as in Hidden), (tokens, hidden); no more layers are run than that takes."""
        states = self.model.embeddings(self._row(tokens.ids), self._row(self._segments(tokens)))
        for block in self.model.layers[:layer]:
            states = block(states).output
        return numbers(states[0])

    def lens(self, hidden: Sequence[Hidden], tokens: Tokens, top: int) -> Iterator[Record]:
        """The states of every layer read by the model's own masked-word head; the last of ``hidden`` left the last layer."""
        self.require_word_head()
        reader = Reader(self.model.word_logits, self.model.config.vocabulary, self.codec.label, self.device)
        return read_lens(reader, hidden, tokens.originals, top)

    def block_weights(self, layer: int) -> BlockWeights:
        """The parameters of one layer."""
        config, block = self.model.config, self.model.block(layer)
        norms = (block.attention_norm, block.output_norm)
        return block_weights(Site.ENCODER, layer, block.attention, norms, config.norm_epsilon, config.activation)

    def checked(self, attention: Attention, block: Block, head: int, edits: Edits = ()) -> Checked:
        """One head's weights computed a second way, from the states that enter the layer and its raw weights."""
        change = layer_change(edits, attention.site, attention.layer).attention
        return check(self.model.block(attention.layer).attention, block.stages["input"], attention, head, change)

    def overview(self, attention: Attention, tokens: Tokens) -> Overview:
        """All heads of a layer in small, with their averages."""
        closing = tuple(place for place, piece in enumerate(tokens.pieces) if piece == self.codec.spec.sep)
        return overview(attention, closing, self.device)

    @torch.inference_mode()
    def candidates(self, states: Tensor, tokens: Tokens, top: int) -> Iterator[Candidates]:
        """The ``top`` most probable words at every mask, from the last states (1, tokens, hidden). Raises CheckpointError."""
        self.require_mask_head()
        masks = tokens.masks[:MOST_MASKS]
        logits = finite(self.model.word_logits(states[0, list(masks)]))  # (masks, vocabulary)
        probabilities = logits.softmax(-1)
        best = self.best(probabilities, top)
        for position, row, entries in zip(masks, probabilities, best, strict=True):
            original = tokens.originals[position]
            if original is None:
                yield Candidates(position, entries)
            else:
                probability, rank = standing(row, original)
                yield Candidates(position, entries, self.codec.label(original), rank, probability)

    @torch.inference_mode()
    def own_probabilities(self, tokens: Tokens, *, within_word: bool = False) -> Iterator[Record]:
        """Mask every word piece alone and yield its own probability: one batch where it fits, else several.

        ``within_word`` masks with it the pieces that follow in the same word: they would give it away (Kauf & Ivanova 2023).
        """
        self.require_mask_head()
        blanks = [(place, *(later(tokens, place) if within_word else ())) for place in self.scored(tokens)]
        at_once = max(1, BATCH_TOKENS // len(tokens))
        for start in range(0, len(blanks), at_once):
            here = Progress("each word masked alone", start, len(blanks))
            yield here
            yield from self._own_probabilities(tokens, blanks[start : start + at_once], here)

    def _own_probabilities(self, tokens: Tokens, blanks: Sequence[Sequence[int]], here: Progress) -> Iterator[Record]:
        scores = yield from self.guess(tokens.ids, tokens, blanks, here)
        places = [place for place, *_ in blanks]
        logs = log_probabilities(scores, [tokens.ids[place] for place in places])
        best = self.best(scores.softmax(-1), EXPECTED)
        for place, row, log, entries in zip(places, scores, logs, best, strict=True):
            yield OwnProbability(place, math.exp(log), standing(row, tokens.ids[place])[1], entries, log)

    def scored(self, tokens: Tokens) -> tuple[int, ...]:
        """The positions of words: neither masks nor special tokens, except for the one that stands for an unknown word."""
        spec = self.codec.spec
        special = {self.codec.mask, *(self.codec.index(name) for name in (spec.cls, spec.sep, spec.pad) if name)}
        return tuple(
            place for place, added in enumerate(tokens.special) if not added and tokens.ids[place] not in special
        )

    @torch.inference_mode()
    def guess(
        self, ids: Sequence[int], tokens: Tokens, blanks: Sequence[Sequence[int]], here: Progress
    ) -> Generator[Record, None, Tensor]:
        """Word scores (blanks, vocabulary) at the first place of each blank, all places of that blank masked in ``ids``."""
        rows = self._row(ids).repeat(len(blanks), 1)  # (blanks, tokens)
        for row, blank in zip(rows, blanks, strict=True):
            row[list(blank)] = self._mask_id()
        return (yield from self.scores(rows, tokens, [(row, blank[0]) for row, blank in enumerate(blanks)], here))

    @torch.inference_mode()
    def predict(
        self, ids: Tensor, tokens: Tokens, places: Sequence[tuple[int, int]], here: Progress
    ) -> Generator[Record, None, Tensor]:
        """Word probabilities (places, vocabulary) where ``scores`` gives scores."""
        return (yield from self.scores(ids, tokens, places, here)).softmax(-1)

    @torch.inference_mode()
    def scores(
        self, ids: Tensor, tokens: Tokens, places: Sequence[tuple[int, int]], here: Progress
    ) -> Generator[Record, None, Tensor]:
        """Word scores (places, vocabulary) at (row, position) pairs of variants ``ids`` (rows, tokens) of ``tokens``.

        ``here`` is yielded after every layer and every 64 places: a chance to stop. Raises CheckpointError without a masked-word head, and
        where the scores are not finite.
        """
        self.require_word_head()
        states = yield from self.variants(ids, tokens, here)
        parts = []
        for start in range(0, max(1, len(places)), WORDS_AT_ONCE):
            some = places[start : start + WORDS_AT_ONCE]
            rows, columns = ([place[axis] for place in some] for axis in (0, 1))
            parts.append(finite(self.model.word_logits(states[rows, columns])))
            yield here
        return torch.cat(parts)  # (places, vocabulary)

    @torch.inference_mode()
    def variants(self, ids: Tensor, tokens: Tokens, here: Progress) -> Generator[Record, None, Tensor]:
        """Last states (rows, tokens, hidden) of variants ``ids`` (rows, tokens) of ``tokens``; ``here`` is yielded after every layer."""
        states = self.model.embeddings(ids, self._row(self._segments(tokens)).expand(len(ids), -1))
        for block in self.model.layers:
            states = block(states).output
            yield here
        return states

    def best(self, probabilities: Tensor, top: int) -> tuple[tuple[Candidate, ...], ...]:
        """The most probable entries of every row of (rows, vocabulary)."""
        best = probabilities.topk(min(top, probabilities.shape[-1]), -1)
        return tuple(
            tuple(
                Candidate(number, self.codec.piece(number), self.codec.label(number), probability)
                for number, probability in zip(*row, strict=True)
            )
            for row in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        )

    def require_mask_head(self) -> None:
        """Raise CheckpointError when this checkpoint can't predict masked words."""
        self.require_word_head()
        self.require_mask_token()

    def require_mask_token(self) -> None:
        """Raise CheckpointError when nothing can hide a word."""
        if self.codec.mask is None:
            raise CheckpointError(
                f"The tokenizer of '{self.report.name}' has no mask token, so no word can be masked.", "NO_MASK_TOKEN"
            )

    def require_word_head(self) -> None:
        """Raise CheckpointError when nothing reads words from this checkpoint's states."""
        if self.model.mlm is None:
            raise CheckpointError(
                f"'{self.report.name}' has no masked-word head, so it can't predict masked words; its attention can be inspected.",
                "NO_MLM_HEAD",
            )

    def check_head(self, layer: int, head: int) -> None:
        """Raise JobError when there is no such layer or head; both count from 0."""
        config = self.model.config
        if not (0 <= layer < config.layers and 0 <= head < config.heads):
            raise JobError(
                f"'{self.report.name}' has layers 0 to {config.layers - 1} and heads 0 to {config.heads - 1}; "
                f"there is no layer {layer}, head {head}.",
                "NO_SUCH_HEAD",
            )

    def _row(self, numbers: Sequence[int]) -> Tensor:
        return torch.tensor(numbers, dtype=torch.long, device=self.device)[None]  # (1, tokens)

    def _segments(self, tokens: Tokens) -> tuple[int, ...]:
        """Segment ids the model has an embedding for."""
        highest = max(0, self.model.config.segments - 1)
        return tuple(min(segment, highest) for segment in tokens.segments)

    def _mask_id(self) -> int:
        if self.codec.mask is None:
            raise TextError("This checkpoint's tokenizer has no mask token, so no word can be masked.", "NO_MASK_TOKEN")
        return self.codec.mask


def standing(probabilities: Tensor, index: int) -> tuple[float, int]:
    """Probability and rank (from 1) of one vocabulary entry."""
    own = probabilities[index]
    return float(own), int((probabilities > own).sum()) + 1


def log_probabilities(scores: Tensor, indices: Sequence[int]) -> list[float]:
    """Ln p of one vocabulary entry in each row of scores (rows, vocabulary); finite where the probability is too small for a float."""
    own = scores[range(len(indices)), list(indices)]  # (rows,)
    logs: list[float] = (own.double() - scores.double().logsumexp(-1)).clamp(max=0.0).tolist()
    return logs


def later(tokens: Tokens, place: int) -> tuple[int, ...]:
    """The positions that follow ``place`` in the same word."""
    word, found = tokens.words[place], []
    for position in range(place + 1, len(tokens)):
        if word is None or tokens.words[position] != word:
            break
        found.append(position)
    return tuple(found)
