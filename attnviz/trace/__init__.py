"""The vocabulary: frozen records of what a model did, the trace that collects them, and the cursor that points into it."""

from attnviz.trace.answers import Candidate, Candidates, OwnProbability, PseudoLikelihood, Shift
from attnviz.trace.attention import Attention, Hiding, Overview, softmax
from attnviz.trace.cuts import STEPS, Compared, Comparison, Cut, Piece, Stage, StageKind
from attnviz.trace.decoding import BeamTree, Branch, Choice, Decoding, Encoding, Fate, Misfits, length_penalty
from attnviz.trace.detection import Detected
from attnviz.trace.experiments import Asked, Conclusion, Matrix, Rows
from attnviz.trace.filling import Filled, Filling, FillStep, Way
from attnviz.trace.inside import BlockWeights, Checked, Made, Positions, Stream
from attnviz.trace.judging import IS_NEXT, NOT_NEXT, PairJudgement, Verdict
from attnviz.trace.lens import Lens
from attnviz.trace.masking import Chosen, Learning, LongRun, Masking, Sampled, Treatment, Unit, learning, loss
from attnviz.trace.merges import (
    NEVER,
    Curves,
    Family,
    Learned,
    Merge,
    Merges,
    MergeTree,
    Sharing,
    Timeline,
    Why,
)
from attnviz.trace.objectives import Objective
from attnviz.trace.plots import Axis, Mark, Plot, Series, measured
from attnviz.trace.rates import Measured, Mismatch, RatePoint, Shown
from attnviz.trace.record import Floats, Record, Site, Slot, Span, frozen
from attnviz.trace.remarks import LoadReport, Notice, Progress, Timing
from attnviz.trace.spoiling import Call, Drawn, Judgement, Spoiled, call, judgement
from attnviz.trace.states import Block, Hidden
from attnviz.trace.tokens import Tokens
from attnviz.trace.trace import Cursor, Trace
from attnviz.trace.windows import Window, Windows

__all__ = [
    "IS_NEXT",
    "NEVER",
    "NOT_NEXT",
    "STEPS",
    "Asked",
    "Attention",
    "Axis",
    "BeamTree",
    "Block",
    "BlockWeights",
    "Branch",
    "Call",
    "Candidate",
    "Candidates",
    "Checked",
    "Choice",
    "Chosen",
    "Compared",
    "Comparison",
    "Conclusion",
    "Cursor",
    "Curves",
    "Cut",
    "Decoding",
    "Detected",
    "Drawn",
    "Encoding",
    "Family",
    "Fate",
    "FillStep",
    "Filled",
    "Filling",
    "Floats",
    "Hidden",
    "Hiding",
    "Judgement",
    "Learned",
    "Learning",
    "Lens",
    "LoadReport",
    "LongRun",
    "Made",
    "Mark",
    "Masking",
    "Matrix",
    "Measured",
    "Merge",
    "MergeTree",
    "Merges",
    "Misfits",
    "Mismatch",
    "Notice",
    "Objective",
    "Overview",
    "OwnProbability",
    "PairJudgement",
    "Piece",
    "Plot",
    "Positions",
    "Progress",
    "PseudoLikelihood",
    "RatePoint",
    "Record",
    "Rows",
    "Sampled",
    "Series",
    "Sharing",
    "Shift",
    "Shown",
    "Site",
    "Slot",
    "Span",
    "Spoiled",
    "Stage",
    "StageKind",
    "Stream",
    "Timeline",
    "Timing",
    "Tokens",
    "Trace",
    "Treatment",
    "Unit",
    "Verdict",
    "Way",
    "Why",
    "Window",
    "Windows",
    "call",
    "frozen",
    "judgement",
    "learning",
    "length_penalty",
    "loss",
    "measured",
    "softmax",
]
