"""The vocabulary: frozen records of what a model did, the trace that collects them, and the cursor that points into it."""

from attnviz.trace.answers import Candidate, Candidates, OwnProbability
from attnviz.trace.attention import Attention, Hiding, Overview, softmax
from attnviz.trace.record import Floats, Record, Site, Slot, Span, frozen
from attnviz.trace.remarks import LoadReport, Notice, Progress, Timing
from attnviz.trace.states import Block, Hidden
from attnviz.trace.tokens import Tokens
from attnviz.trace.trace import Cursor, Trace

__all__ = [
    "Attention",
    "Block",
    "Candidate",
    "Candidates",
    "Cursor",
    "Floats",
    "Hidden",
    "Hiding",
    "LoadReport",
    "Notice",
    "Overview",
    "OwnProbability",
    "Progress",
    "Record",
    "Site",
    "Slot",
    "Span",
    "Timing",
    "Tokens",
    "Trace",
    "frozen",
    "softmax",
]
