"""What the beam's tree is drawn from: the search, and the output that is shown, whose path it marks."""

from __future__ import annotations

from attnviz.trace import BeamTree, Decoding, Trace


class TreeTrace:
    """``of`` gives the same trace until the search or the shown output is another, so that nothing is laid out twice."""

    def __init__(self) -> None:
        self._search, self._shown, self._trace = Trace(), Trace(), Trace()

    def of(self, search: Trace, shown: Trace) -> Trace:
        if search is not self._search or shown is not self._shown:
            self._search, self._shown = search, shown
            decoding = shown.find(Decoding)
            self._trace = search if decoding is None or search.find(BeamTree) is None else search.plus(decoding)
        return self._trace
