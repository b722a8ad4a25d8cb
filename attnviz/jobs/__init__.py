"""The questions a user can ask: each a frozen dataclass whose ``run`` yields frozen records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.trace import Record


class Job(Protocol):
    """A frozen request. It pickles, needs no window, and stops where its generator is closed.

    A job on text alone says ``needs_models: ClassVar[bool] = False``: its ``library`` is None, and it never waits for torch.
    One that takes long says ``runs_apart: ClassVar[bool] = True``: the short ones don't wait for it, and its library is its own.
    """

    def run(self, library: Library) -> Iterator[Record]:
        """Yield what happens, in order. Raises AttnvizError when the question can't be answered."""
        ...
