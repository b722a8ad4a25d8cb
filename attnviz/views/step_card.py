"""A card of a decoder step: it draws the step that the cursor is at."""

from __future__ import annotations

from attnviz.views.card import Card
from attnviz.views.step_moment import StepMoment, moment_of


class StepCard(Card[StepMoment]):
    """Base of the step's cards."""

    def _found(self) -> StepMoment | None:
        return moment_of(self.trace, self.cursor_at)

    def _arrived(self, moment: StepMoment) -> None:
        """Prepare what holds for a whole trace, such as scales and pictures."""

    def _follow(self, before: StepMoment | None, now: StepMoment, *, fresh: bool) -> None:
        same = before is not None and before.decoding is now.decoding
        if fresh:
            self._arrived(now)
        if before is None or not same or before.step != now.step:
            self._moved(now, same=same)

    def _moved(self, moment: StepMoment, *, same: bool) -> None:
        """Another step is shown, of the same decoding or of another one."""
        self._name(moment)
