"""An encoder–decoder's 200 steps: with every intermediate against the bare loop, a beam with its tree, a change near the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.endless import Endless, endless
from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row

if TYPE_CHECKING:
    from attnviz.models.recurrent import Recurrent

NAME = "decoding"
WIDTH = 4


def measure(*, quick: bool = False) -> list[Row]:
    steps, rounds = (8, 2) if quick else (200, 41)
    subject = endless(steps)
    return [_recording(subject, steps, rounds), _beam(subject, steps, rounds), _edit(subject, steps, rounds)]


def _recording(subject: Endless, steps: int, rounds: int) -> Row:
    from attnviz.models.decoding import Plan

    recorded = timed(lambda: deque(subject.opened.decode(subject.tokens, Plan(steps)), maxlen=0))
    pairs = in_turn(recorded, timed(_bare(subject, steps)), rounds)
    what = f"decoding {steps} words with every intermediate recorded"
    return Row(NAME, what, "the same loop without records", "≤ 1.1", 1.1, pairs.ratios, note=pairs.said())


def _bare(subject: Endless, steps: int) -> Callable[[], object]:
    """Encode, then word after word, nothing kept but the words."""
    import torch

    from attnviz.models.decoding import Plan, decode

    @torch.inference_mode()
    def loop() -> object:
        stepper = _stepper(subject)
        return [step.token for step in decode(stepper, Plan(steps), stepper.start(), stepper.begin)]

    return loop


def _stepper(subject: Endless) -> Recurrent:
    import torch

    from attnviz.models.recurrent import Recurrent
    from attnviz.models.seq2seq import Seq2seq

    model = subject.opened.writer.model
    assert isinstance(model, Seq2seq)
    return Recurrent(model, model.encode(torch.tensor([subject.tokens.ids])))


def _beam(subject: Endless, steps: int, rounds: int) -> Row:
    from attnviz.models.decoding import Plan

    recorded = timed(lambda: deque(subject.opened.search(subject.tokens, Plan(steps), WIDTH, 0.0), maxlen=0))
    pairs = in_turn(recorded, timed(_bare_beam(subject, steps)), rounds)
    what = f"beam {WIDTH} over {steps} words with its tree and every intermediate of the best"
    return Row(NAME, what, "the same search without them", "≤ 1.4", 1.4, pairs.ratios, note=pairs.said())


def _bare_beam(subject: Endless, steps: int) -> Callable[[], object]:
    """A beam search as one writes it when only the words are wanted."""
    import torch

    @torch.inference_mode()
    def loop() -> object:
        stepper = _stepper(subject)
        state, totals = stepper.start(), torch.zeros(1)
        live: list[list[int]] = [[stepper.begin]]
        ended: list[tuple[float, list[int]]] = []
        for step in range(steps):
            state, logits, _ = stepper.advance(state, [words[-1] for words in live], step)
            sums = totals[:, None] + logits.log_softmax(-1)  # (live, target vocabulary)
            top = sums.flatten().topk(WIDTH - len(ended))
            grown, rows, values = [], [], []
            for place, total in zip(top.indices.tolist(), top.values.tolist(), strict=True):
                row, word = divmod(place, sums.shape[-1])
                if word == stepper.end:
                    ended.append((total, live[row]))
                else:
                    grown.append([*live[row], word])
                    rows.append(row)
                    values.append(total)
            if not grown:
                break
            live, totals, state = grown, torch.tensor(values), stepper.select(state, rows)
        return max([*ended, *zip(totals.tolist(), live, strict=True)])

    return loop


def _edit(subject: Endless, steps: int, rounds: int) -> Row:
    """Another word at three quarters of an output, against a quarter of the whole decoding."""
    from attnviz.edits import ForceToken
    from attnviz.jobs.decode import Decode, Earlier
    from attnviz.trace import Decoding, Trace

    whole = Decode(subject.reference, subject.tokens.text)
    trace = Trace().plus(*whole.run(subject.library))
    decoding = trace.find(Decoding)
    assert decoding is not None
    step = steps * 3 // 4
    other = next(entry.id for entry in decoding.best(step, 2) if entry.id != decoding.tokens[step])
    changed = Decode(whole.checkpoint, whole.text, edits=(ForceToken(step, other),), earlier=Earlier.of(whole, trace))
    redone = timed(lambda: deque(changed.run(subject.library), maxlen=0))
    full = timed(lambda: deque(whole.run(subject.library), maxlen=0))
    pairs = in_turn(redone, lambda: full() / 4, rounds)
    what = f"another word at step {step} of {steps}"
    return Row(NAME, what, "a quarter of decoding it all", "≤ 1", 1.0, pairs.ratios, note=pairs.said())
