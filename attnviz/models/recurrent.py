"""A recurrent encoder–decoder as a ``Writer``: one step at a time, with what-ifs, and its steps as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import torch
from torch import Tensor

from attnviz.edits import HideSource, SetContext, SetWeights, Sizes
from attnviz.models.attention import numbers
from attnviz.models.finite import finite
from attnviz.models.seq2seq import UNCHANGED, Change, Encoded, Seq2seq, Steps
from attnviz.models.writer import Kept, Reading
from attnviz.trace import Decoding, Encoding, Floats, Record

if TYPE_CHECKING:
    from attnviz.edits import DecodingEdit
    from attnviz.models.decoding import Made
    from attnviz.trace import Tokens

ROWS = (
    *("embedded", "before", "hidden", "reset", "update", "candidate", "scores", "weights", "query"),
    *("context", "attentional", "logits"),
)
PER_STEP = ("previous", "tokens", "choices", "probabilities", "ranks")


@dataclass(frozen=True, slots=True)
class RecurrentWriter:
    """GRU encoder and decoder, with attention or without."""

    model: Seq2seq
    device: torch.device

    @property
    def end(self) -> int:
        return self.model.config.end

    @property
    def longest(self) -> int:
        return self.model.config.longest

    @property
    def longest_source(self) -> int | None:
        return None

    @property
    def has_heads(self) -> bool:
        return False

    def read(self, tokens: Tokens, kept: Kept | None) -> Reading:
        encoding = None if kept is None else kept.trace.find(Encoding)
        if encoding is not None:
            return RecurrentReading(self.model, encoded_of(encoding, self.device), encoding)
        encoded = self.model.encode(torch.tensor(tokens.ids, device=self.device)[None])
        return RecurrentReading(self.model, encoded, encoding_of(self.model, encoded))

    def sizes(self, tokens: Tokens) -> Sizes:
        config = self.model.config
        width = 0 if self.model.attention is None else config.encoder_width
        return Sizes(len(tokens), config.target_vocabulary, width)


@dataclass(frozen=True, slots=True)
class RecurrentReading:
    """A source that was read, as tensors and as a record."""

    model: Seq2seq
    encoded: Encoded
    encoding: Encoding

    def records(self) -> Iterator[Record]:
        yield self.encoding

    def stepper(self, edits: Sequence[DecodingEdit]) -> Recurrent:
        return Recurrent(self.model, self.encoded, edits)

    def state_after(self, kept: Kept) -> Tensor:
        return torch.tensor(kept.decoding.hidden[kept.steps - 1], device=self.encoded.fixed.device)[None]

    def written(
        self, stepper: Recurrent, made: Sequence[Made], before: Tensor, vocabulary: tuple[str, ...], kept: Kept | None
    ) -> Iterator[Record]:
        earlier = None if kept is None or not kept.steps else head(kept.decoding, kept.steps)
        if made:
            yield decoding_of(stepper, made, before, vocabulary, earlier)
        elif earlier is not None:
            yield earlier


class Recurrent:
    """A ``Stepper``: its state is h, (rows, decoder_width)."""

    def __init__(self, model: Seq2seq, encoded: Encoded, edits: Sequence[DecodingEdit] = ()) -> None:
        self.model, self.encoded = model, encoded
        self.begin, self.end = model.config.begin, model.config.end
        self._edits = tuple(edits)
        self._last = max((edit.step for edit in edits), default=-1)
        self._hides = any(isinstance(edit, HideSource) for edit in edits)

    def start(self) -> Tensor:
        return self.encoded.fixed  # (1, decoder_width)

    def advance(self, state: Tensor, previous: Sequence[int], step: int) -> tuple[Tensor, Tensor, Steps]:
        fed = torch.tensor(previous, device=state.device)[:, None]  # (rows, 1)
        made = self.model.steps(fed, state, self.encoded, change=self._change(step))
        return made.hidden[:, 0], made.logits[:, 0], made

    def select(self, state: Tensor, rows: Sequence[int]) -> Tensor:
        return state[list(rows)]

    def _change(self, step: int) -> Change:
        if self.model.attention is None or not (self._hides or step <= self._last):
            return UNCHANGED
        change = UNCHANGED
        for edit in self._edits:
            if isinstance(edit, HideSource) and edit.step <= step:
                hidden = self._blank(dtype=torch.bool) if change.hidden is None else change.hidden.clone()
                hidden[..., edit.position] = True
                change = change._replace(hidden=hidden)
            elif isinstance(edit, SetWeights) and edit.step == step:
                change = change._replace(weights=self._given(edit.weights))
            elif isinstance(edit, SetContext) and edit.step == step:
                change = change._replace(context=self._given(edit.values))
        return change

    def _blank(self, dtype: torch.dtype) -> Tensor:
        states = self.encoded.states
        return torch.zeros((1, 1, states.shape[1]), dtype=dtype, device=states.device)

    def _given(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=self.encoded.states.device)[None, None]


def encoding_of(model: Seq2seq, encoded: Encoded) -> Encoding:
    """What the encoder handed over, as a record."""
    vector = model.attention.value.weight[0] if model.config.attention == "additive" else None  # type: ignore[union-attr, index] # only additive has one
    own = encoded.keys is not None and model.config.attention != "dot"
    return Encoding(
        attention=model.config.attention,
        embedded=numbers(encoded.embedded[0]),
        states=numbers(encoded.states[0]),
        fixed=numbers(encoded.fixed[0]),
        keys=numbers(encoded.keys[0]) if own and encoded.keys is not None else None,
        vector=None if vector is None else numbers(vector),
    )


def encoded_of(record: Encoding, device: torch.device) -> Encoded:
    """The encoder's tensors from their record: bit for bit what they were, without running it again."""
    embedded, states, fixed = (_tensor(array, device) for array in (record.embedded, record.states, record.fixed))
    keys = states if record.attention == "dot" else None if record.keys is None else _tensor(record.keys, device)
    return Encoded(embedded, states, fixed, keys)


def _tensor(array: Floats, device: torch.device) -> Tensor:
    return torch.tensor(array, device=device)[None]


def decoding_of(
    stepper: Recurrent,
    made: Sequence[Made],
    before: Tensor,
    vocabulary: tuple[str, ...],
    earlier: Decoding | None = None,
) -> Decoding:
    """The steps as a record, after those of ``earlier``; ``before`` (1, decoder_width) is the state before the first new one.

    Raises CheckpointError when the model's numbers are not finite. ``text`` is left empty.
    """
    rows = _rows(made)
    states = torch.cat([before, rows.hidden[:-1]])  # (steps, decoder_width)
    reset, update, candidate = stepper.model.gates(rows.embedded, states)
    query = stepper.model.attention.query(rows.hidden) if stepper.model.config.attention == "additive" else None  # type: ignore[operator, union-attr] # only additive has one
    record = Decoding(
        **words_of(made, vocabulary, stepper.end, rows.logits),
        embedded=_array(rows.embedded),
        before=_array(states),
        hidden=_array(rows.hidden),
        reset=_array(reset),
        update=_array(update),
        candidate=_array(candidate),
        scores=_array(rows.scores),
        weights=_array(rows.weights),
        query=_array(query),
        context=_array(rows.context),
        attentional=_array(rows.attentional),
    )
    return record if earlier is None else joined(earlier, record)


@overload
def _array(tensor: Tensor) -> Floats: ...
@overload
def _array(tensor: Tensor | None) -> Floats | None: ...
def _array(tensor: Tensor | None) -> Floats | None:
    """A tensor that was made for the record alone, as a read-only array; on the CPU that is its own memory."""
    if tensor is None:
        return None
    array: Floats = tensor.float().cpu().contiguous().numpy()
    array.flags.writeable = False
    return array


def _rows(made: Sequence[Made]) -> Steps:
    """All intermediates of all steps, each (steps, …)."""
    own = [step.computed if len(step.computed.hidden) == 1 else _row(step.computed, step.row) for step in made]
    columns = zip(*own, strict=True)
    return Steps(*(None if column[0] is None else torch.cat(column)[:, 0] for column in columns))  # type: ignore[arg-type] # None only where Steps has None


def _row(computed: Steps, row: int) -> Steps:
    """One row of a batch, as a batch of one."""
    return Steps(*(None if tensor is None else tensor[row : row + 1] for tensor in computed))  # type: ignore[arg-type] # as above


def words_of(made: Sequence[Made], vocabulary: tuple[str, ...], end: int, logits: Tensor) -> dict[str, Any]:
    """What is said of the words of some steps, whatever made them, as parts of a Decoding; ``logits`` (steps, vocabulary)."""
    tokens = tuple(step.token for step in made)
    logs = finite(logits).log_softmax(-1)  # (steps, target vocabulary)
    own = logs.gather(1, torch.tensor(tokens, device=logs.device)[:, None])  # (steps, 1)
    return {
        "previous": tuple(step.previous for step in made),
        "tokens": tokens,
        "choices": tuple(step.choice for step in made),
        "vocabulary": vocabulary,
        "text": "",
        "ended": tokens[-1] == end,
        "logits": _array(logits),
        "probabilities": own[:, 0].double().exp().cpu().numpy(),
        "ranks": ((logs > own).sum(-1) + 1).cpu().numpy(),
    }


def head(record: Decoding, steps: int) -> Decoding:
    """The first ``steps`` of a decoding, which has at least one of them."""
    cut = slice(steps)
    rows: dict[str, Any] = {name: None if (own := getattr(record, name)) is None else own[cut] for name in ROWS}
    for name in PER_STEP:
        rows[name] = getattr(record, name)[cut]
    return replace(record, ended=record.ended and steps >= len(record), **rows)


def _below(left: Floats, right: Floats) -> Floats:
    """Read-only like both, and copied only once."""
    array = np.concatenate([left, right])
    array.flags.writeable = False
    return array


def joined(first: Decoding, second: Decoding) -> Decoding:
    """One decoding after another."""
    rows: dict[str, Any] = {}
    for name in ROWS:
        left, right = getattr(first, name), getattr(second, name)
        rows[name] = None if left is None else _below(left, right)
    for name in PER_STEP:
        left, right = getattr(first, name), getattr(second, name)
        rows[name] = left + right if isinstance(left, tuple) else np.concatenate([left, right])
    return replace(second, **rows)
