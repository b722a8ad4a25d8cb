"""A recurrent encoder–decoder with and without attention, in one file.

Encoder and decoder: Sutskever et al. 2014, Cho et al. 2014 (GRU). Attention: Luong et al. 2015, "Effective Approaches to
Attention-based Neural Machine Translation" (dot, general, the attentional vector of equation 5, no input feeding) and
Bahdanau et al. 2015, "Neural Machine Translation by Jointly Learning to Align and Translate" (additive, section 3.1 and
appendix A.1.2). With attention "none" the decoder sees the source only through its first state: the fixed vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

if TYPE_CHECKING:
    from attnviz.models.seq2seq_config import Seq2seqConfig


class Dot(nn.Module):
    """e = h · h̃ (Luong, equation 8); the two must be equally wide."""

    def keys(self, encoder: Tensor) -> Tensor:
        return encoder

    def forward(self, hidden: Tensor, keys: Tensor) -> Tensor:
        return hidden @ keys.transpose(-1, -2)  # (batch, steps, source)


class General(nn.Module):
    """e = h W h̃ (Luong, equation 8)."""

    def __init__(self, config: Seq2seqConfig) -> None:
        super().__init__()
        self.weight = nn.Linear(config.encoder_width, config.decoder_width, bias=False)

    def keys(self, encoder: Tensor) -> Tensor:
        """W h̃, once for all steps."""
        keys: Tensor = self.weight(encoder)
        return keys  # (batch, source, decoder_width)

    def forward(self, hidden: Tensor, keys: Tensor) -> Tensor:
        return hidden @ keys.transpose(-1, -2)  # (batch, steps, source)


class Additive(nn.Module):
    """e = v · tanh(W h + U h̃) (Bahdanau, appendix A.1.2)."""

    def __init__(self, config: Seq2seqConfig) -> None:
        super().__init__()
        self.query = nn.Linear(config.decoder_width, config.attention_width, bias=False)
        self.key = nn.Linear(config.encoder_width, config.attention_width, bias=False)
        self.value = nn.Linear(config.attention_width, 1, bias=False)

    def keys(self, encoder: Tensor) -> Tensor:
        """U h̃, once for all steps."""
        keys: Tensor = self.key(encoder)
        return keys  # (batch, source, attention_width)

    def forward(self, hidden: Tensor, keys: Tensor) -> Tensor:
        inside = torch.tanh(self.query(hidden)[:, :, None] + keys[:, None])  # (batch, steps, source, attention_width)
        scores: Tensor = self.value(inside).squeeze(-1)
        return scores  # (batch, steps, source)


class Encoded(NamedTuple):
    """What the encoder hands over; without attention there are no keys."""

    embedded: Tensor  # (batch, source, embedding)
    states: Tensor  # (batch, source, encoder_width)
    fixed: Tensor  # (batch, decoder_width): the decoder's first state, all that a model without attention gets
    keys: Tensor | None  # (batch, source, width of the scores' inside): what every step is compared with


class Steps(NamedTuple):
    """Some decoder steps with every intermediate; without attention scores, weights and context are None."""

    embedded: Tensor  # (batch, steps, embedding)
    hidden: Tensor  # (batch, steps, decoder_width)
    scores: Tensor | None  # (batch, steps, source)
    weights: Tensor | None  # (batch, steps, source)
    context: Tensor | None  # (batch, steps, encoder_width)
    attentional: Tensor  # (batch, steps, embedding)
    logits: Tensor  # (batch, steps, target vocabulary)


class Change(NamedTuple):
    """What is done to the attention of some steps instead of what the model would do; None leaves it alone."""

    hidden: Tensor | None = None  # (batch | 1, 1, source) boolean: True takes no attention
    weights: Tensor | None = None  # (batch | 1, steps, source)
    context: Tensor | None = None  # (batch | 1, steps, encoder_width)


UNCHANGED = Change()


class Encoder(nn.Module):
    """Embeds the source and reads it in both directions."""

    def __init__(self, config: Seq2seqConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.source_vocabulary, config.embedding)
        self.recurrence = nn.GRU(config.embedding, config.encoder_width // 2, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(config.encoder_width, config.decoder_width)

    def forward(self, source: Tensor, dropout: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
        """Embeddings, states and fixed vector of ``source`` (batch, source): ids, all rows of equal length."""
        embedded = F.dropout(self.embedding(source), dropout)  # (batch, source, embedding)
        states, last = self.recurrence(embedded)  # (batch, source, encoder_width), (2, batch, encoder_width / 2)
        ends = torch.cat([last[0], last[1]], dim=-1)  # (batch, encoder_width)
        return embedded, states, torch.tanh(self.bridge(ends))


class Seq2seq(nn.Module):
    """Training and looking run the same ``steps``: all of a known target at once, or one step at a time."""

    def __init__(self, config: Seq2seqConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.embedding = nn.Embedding(config.target_vocabulary, config.embedding)
        self.recurrence = nn.GRU(config.embedding, config.decoder_width, batch_first=True)
        self.attention = _attention(config)
        read = config.decoder_width if self.attention is None else config.decoder_width + config.encoder_width
        self.combine = nn.Linear(read, config.embedding, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(config.target_vocabulary))

    def encode(self, source: Tensor, dropout: float = 0.0) -> Encoded:
        """Read ``source`` (batch, source): ids, all rows of equal length."""
        embedded, states, fixed = self.encoder(source, dropout)
        keys = None if self.attention is None else self.attention.keys(states)
        return Encoded(embedded, states, fixed, keys)

    def steps(
        self, previous: Tensor, state: Tensor, encoded: Encoded, dropout: float = 0.0, change: Change = UNCHANGED
    ) -> Steps:
        """Decode from the ``previous`` words (batch, steps) and the ``state`` before them (batch, decoder_width)."""
        embedded = F.dropout(self.embedding(previous), dropout)  # (batch, steps, embedding)
        hidden, _ = self.recurrence(embedded, state[None])  # (batch, steps, decoder_width)
        scores = weights = context = None
        read = hidden
        if self.attention is not None:
            scores = self.attention(hidden, encoded.keys)  # (batch, steps, source)
            if change.hidden is not None:
                scores = scores.masked_fill(change.hidden, -torch.inf)
            weights = scores.softmax(-1) if change.weights is None else change.weights
            context = weights @ encoded.states if change.context is None else change.context
            read = torch.cat([hidden, context], dim=-1)  # (batch, steps, decoder_width + encoder_width)
        attentional = torch.tanh(self.combine(F.dropout(read, dropout)))  # (batch, steps, embedding)
        logits = F.linear(F.dropout(attentional, dropout), self.embedding.weight, self.output_bias)
        return Steps(embedded, hidden, scores, weights, context, attentional, logits)

    def gates(self, embedded: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reset, update and candidate of the decoder's GRU for rows of inputs and states, each (rows, decoder_width).

        h = (1 - z) n + z h_before (Cho et al. 2014, equations 5 to 8, in torch's order of the terms).
        """
        part = self.recurrence.get_parameter
        from_input = F.linear(embedded, part("weight_ih_l0"), part("bias_ih_l0")).chunk(3, -1)
        from_state = F.linear(before, part("weight_hh_l0"), part("bias_hh_l0")).chunk(3, -1)
        reset = torch.sigmoid(from_input[0] + from_state[0])
        update = torch.sigmoid(from_input[1] + from_state[1])
        return reset, update, torch.tanh(from_input[2] + reset * from_state[2])

    def forward(self, source: Tensor, previous: Tensor, dropout: float = 0.0) -> Tensor:
        """Logits (batch, steps, target vocabulary) of a known target, each step given the ``previous`` words."""
        encoded = self.encode(source, dropout)
        return self.steps(previous, encoded.fixed, encoded, dropout).logits


def _attention(config: Seq2seqConfig) -> Dot | General | Additive | None:
    match config.attention:
        case "dot":
            return Dot()
        case "general":
            return General(config)
        case "additive":
            return Additive(config)
        case _:
            return None
