"""Which vectors the cards of a decoder step show: the input, the states, the gates, and what is read from them."""

from __future__ import annotations

from attnviz.trace import Floats
from attnviz.views.step_moment import StepMoment, exact, lettered_number
from attnviz.views.step_vectors import Spot, VectorCard
from attnviz.views.vector_strip import Strip, limit_of


class ScaledCard(VectorCard):
    """A card of vectors on a scale that holds for all steps of the decoding."""

    _limit = 1.0

    def _arrived(self, moment: StepMoment) -> None:
        self._limit = limit_of(*self._scaled(moment))

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        """All that shares the scale."""
        return moment.decoding.rows("before"), moment.decoding.hidden


class EmbeddingCard(ScaledCard):
    """The embedding of the word before."""

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        return (moment.decoding.embedded,)

    def _title(self, moment: StepMoment) -> str:
        return f"x{moment.now} = emb({moment.word(moment.decoding.previous[moment.step])})"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        values = moment.decoding.embedded[moment.step]
        return (Strip(f"x{moment.now}", "embedding of the previous word", values, self._limit),)


class BeforeCard(ScaledCard):
    """The decoder's state before the step."""

    def _title(self, moment: StepMoment) -> str:
        return f"h{moment.before}" if moment.step else f"h{moment.before} (encoder)"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        return (Strip(f"h{moment.before}", "state before", moment.decoding.rows("before")[moment.step], self._limit),)


class HiddenCard(ScaledCard):
    """The decoder's state after the step."""

    def _title(self, moment: StepMoment) -> str:
        return f"h{moment.now}"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        return (Strip(f"h{moment.now}", "state", moment.decoding.hidden[moment.step], self._limit),)


class GruCard(ScaledCard):
    """The recurrent cell: its gates and its candidate; opened, all that the new state is made of (Cho et al. 2014)."""

    _together = True

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        return moment.decoding.rows("before"), moment.decoding.hidden, moment.decoding.rows("candidate")

    def _title(self, moment: StepMoment) -> str:
        return f"GRU(x{moment.now}, h{moment.before})"

    def _formula(self, moment: StepMoment) -> str:
        now, before = moment.now, moment.before
        return f"h{now} = (1 − z{now}) · n{now} + z{now} · h{before}" if self._opened else ""

    def _dims(self, moment: StepMoment) -> str:
        return str(moment.decoding.hidden.shape[1])

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        decoding, step, now = moment.decoding, moment.step, moment.now
        gates = (
            Strip(f"r{now}", "reset", decoding.rows("reset")[step], 1.0, signed=False),
            Strip(f"z{now}", "update", decoding.rows("update")[step], 1.0, signed=False),
            Strip(f"n{now}", "candidate", decoding.rows("candidate")[step], self._limit),
        )
        if not self._opened:
            return gates
        before = Strip(f"h{moment.before}", "state before", decoding.rows("before")[step], self._limit)
        return (*gates, before, Strip(f"h{now}", "state", decoding.hidden[step], self._limit))

    def _says(self, spot: Spot) -> str:
        """The formula of the pointed cell with its numbers."""
        moment, index = self.moment, spot[1]
        if moment is None:
            return ""
        own = super()._says(spot)
        decoding, step = moment.decoding, moment.step
        update, candidate, before, hidden = (
            lettered_number(float(part[step, index]))
            for part in (decoding.rows("update"), decoding.rows("candidate"), decoding.rows("before"), decoding.hidden)
        )
        sign = f"({before})" if before.startswith("−") else before
        inner = f"({candidate})" if candidate.startswith("−") else candidate
        return f"{own}   ·   h[{index}] = (1 − {update}) · {inner} + {update} · {sign} = {hidden}"


class JoinedCard(ScaledCard):
    """State and context behind each other, which the word is made from; the state alone where nothing attends."""

    _between = 0.0

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        context = () if moment.decoding.context is None else (moment.decoding.context,)
        return moment.decoding.hidden, *context

    def _title(self, moment: StepMoment) -> str:
        return f"[h{moment.now} ; c{moment.now}]" if moment.attends else f"h{moment.now}"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        hidden = Strip(f"h{moment.now}", "state", moment.decoding.hidden[moment.step], self._limit)
        if moment.decoding.context is None:
            return (hidden,)
        context = moment.decoding.context[moment.step]
        return hidden, Strip(f"c{moment.now}", "context", context, self._limit)


class AttentionalCard(ScaledCard):
    """The attentional vector (Luong et al. 2015, equation 5)."""

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        return (moment.decoding.rows("attentional"),)

    def _title(self, moment: StepMoment) -> str:
        return f"tanh(W_c [h{moment.now} ; c{moment.now}])" if moment.attends else f"tanh(W_c h{moment.now})"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        values = moment.decoding.rows("attentional")[moment.step]
        return (Strip("a" + moment.now, "attentional vector", values, self._limit),)


class LogitsCard(ScaledCard):
    """The logit of every word of the target vocabulary; the chosen one is framed."""

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        return (moment.decoding.logits,)

    def _title(self, moment: StepMoment) -> str:
        return f"logits{moment.now}"

    def _dims(self, moment: StepMoment) -> str:
        return f"{moment.decoding.logits.shape[1]:,} words"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        decoding, step = moment.decoding, moment.step
        token = decoding.tokens[step]
        return (Strip("logit", "logits", decoding.logits[step], self._limit, names=decoding.vocabulary, marked=token),)

    def _says(self, spot: Spot) -> str:
        moment, index = self.moment, spot[1]
        if moment is None:
            return ""
        value = float(moment.decoding.logits[moment.step, index])
        return f"{moment.word(index)} (id {index})   logit {exact(value)}"


class FixedCard(ScaledCard):
    """What stands in the place of attention where there is none: one vector for the whole source."""

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        return (moment.encoding.fixed,)

    def _title(self, moment: StepMoment) -> str:
        return "no attention: the fixed vector h₀"

    def _formula(self, moment: StepMoment) -> str:
        count = len(moment.tokens)
        source = "1 source token" if count == 1 else f"all {count} source tokens"
        return f"This model sees the source only through its first state: {source} in {len(moment.encoding.fixed)} numbers, the same at every step."

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        return (Strip("h₀", "fixed vector", moment.encoding.fixed, self._limit),)
