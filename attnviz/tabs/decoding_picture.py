"""What the decoding tab shows at a moment, drawn into its widgets: the lanes, the step of one of them, the tree, the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import printable
from attnviz.tabs.decoding_words import step_said, title_of, whole_said
from attnviz.trace import Cursor, Decoding, Encoding, Trace
from attnviz.views.alignment_source import Reading

if TYPE_CHECKING:
    from attnviz.tabs.decoding_layout import DecodingLayout, Looks


@dataclass(frozen=True, slots=True)
class Scenery:
    """``lanes`` are the runs with their names, ``lane`` the one whose step is shown; ``searched`` is what the tree is drawn of."""

    lanes: tuple[tuple[str, Trace], ...]
    lane: int
    cursor: Cursor
    reading: Reading
    searched: Trace
    has_tree: bool = False
    losses: bool = False

    @property
    def trace(self) -> Trace:
        return self.lanes[self.lane][1]

    @property
    def steps(self) -> int:
        """As many as the longer run has."""
        return steps_of(self.lanes)


def steps_of(lanes: tuple[tuple[str, Trace], ...]) -> int:
    """The steps of the longer run."""
    found = (trace.find(Decoding) for _, trace in lanes)
    return max((len(decoding) for decoding in found if decoding is not None), default=0)


def draw(parts: DecodingLayout, scenery: Scenery) -> None:
    """Bring all that is visible in line with the scenery."""
    lanes, cursor = scenery.lanes, scenery.cursor
    decoding = scenery.trace.find(Decoding)
    parts.show_lanes(tuple(name for name, _ in lanes), scenery.lane)
    if decoding is not None:
        parts.show_step(layered=not decoding.is_recurrent)
    parts.show_tree(offered=scenery.has_tree)
    parts.transport.follow(cursor.step, scenery.steps)
    for looks, (name, trace) in zip(parts.looks, lanes, strict=False):
        _draw_looks(looks, name, trace, scenery)
    parts.looks[1].choice.setVisible(parts.looks[1].choice.offers and not parts.looks[0].choice.offers)
    timeline = parts.timeline
    timeline.name, timeline.losses = lanes[0][0], scenery.losses
    timeline.other, timeline.other_name = (lanes[1][1], lanes[1][0]) if lanes[1:] else (None, "")
    timeline.draw(lanes[0][1], cursor)
    parts.fit_timeline()
    for view in (parts.cards, parts.layers, parts.tree):
        if view.isVisible():
            view.draw(scenery.searched if view is parts.tree else scenery.trace, cursor)
    parts.step_panel.set_subtitle(step_said(decoding, cursor))
    parts.timeline_panel.set_subtitle(whole_said(decoding))


def _draw_looks(looks: Looks, name: str, trace: Trace, scenery: Scenery) -> None:
    """One run in its panel, with what that panel is called."""
    encoding, decoding = trace.find(Encoding), trace.find(Decoding)
    attends = encoding is None or encoding.attention != "none"
    looks.show_attention(attends=attends)
    looks.choice.follow(trace, scenery.reading)
    looks.alignment.reading = scenery.reading
    looks.panel.set_title(title_of(printable(name, 24), attends=attends))
    looks.panel.set_subtitle(printable(decoding.text, 40) if decoding else "")
    for view in looks.views:
        if view.isVisible():
            view.draw(trace, scenery.cursor)
