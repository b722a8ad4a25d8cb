"""What an encoder–decoder writes of several sources at once: the most probable word at every step, until all have ended."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from attnviz.models.cached import Cached
from attnviz.models.recurrent import Recurrent
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.transformer import Transformer

if TYPE_CHECKING:
    from attnviz.models.decoding import Stepper
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.trace import Progress

Ids = tuple[int, ...]


@torch.inference_mode()
def answers(
    opened: EncoderDecoder, sources: Sequence[Sequence[int]], here: Progress
) -> Generator[Progress, None, list[Ids]]:
    """The answer to each of ``sources``, ids all of one length, without the end sign; ``here`` is yielded after every step."""
    stepper = _stepper(opened.writer.model, torch.tensor(sources, device=opened.device))
    state, previous = stepper.start(), [stepper.begin] * len(sources)
    made: list[list[int]] = []
    ended = torch.zeros(len(sources), dtype=torch.bool)
    for step in range(opened.writer.longest):
        state, logits, _ = stepper.advance(state, previous, step)
        best = logits.argmax(-1).cpu()  # (sources,)
        previous = best.tolist()
        made.append(previous)
        ended |= best == stepper.end
        yield here
        if bool(ended.all()):
            break
    return [_until(stepper.end, row) for row in zip(*made, strict=True)]


def _stepper(model: nn.Module, source: Tensor) -> Stepper[Any]:
    """A decoder that has read ``source`` (sources, tokens); a row a source."""
    if isinstance(model, Seq2seq):
        return Recurrent(model, model.encode(source))
    if isinstance(model, Transformer):
        return Cached(model, model.encode(source))
    raise TypeError(f"no decoder of several sources for {type(model).__name__}")


def _until(end: int, ids: Ids) -> Ids:
    return ids[: ids.index(end)] if end in ids else ids
