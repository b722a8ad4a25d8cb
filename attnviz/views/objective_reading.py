"""What the three objectives come to on one text, in a sentence made of the run's own numbers."""

from __future__ import annotations

from attnviz.trace import Objective, Trace
from attnviz.trace.objectives import BERT, ELECTRA, ROBERTA


def conclusion(trace: Trace) -> str:
    """As much as the objectives that have arrived allow."""
    bert, roberta, electra = (trace.find(Objective, role) for role in (BERT, ROBERTA, ELECTRA))
    said = []
    if bert is not None and bert.per_text is not None:
        said.append(f"Each time this text is seen, BERT learns from {bert.per_text:.1f} of its {bert.pieces} pieces.")
    if bert is not None and roberta is not None:
        said.append(_cut(bert, roberta))
    if electra is not None and electra.per_text is not None:
        times = f", {electra.per_text / bert.per_text:.1f} times as many" if bert and bert.per_text else ""
        told = electra.caught + electra.missed
        caught = f"; it caught {electra.caught} of {told} replaced words, with {electra.false_alarms} false alarms"
        said.append(f"The discriminator learns from {electra.per_text:.0f}{times}{caught if told else ''}.")
    return " ".join(said)


def _cut(bert: Objective, roberta: Objective) -> str:
    more = roberta.pieces - bert.pieces
    what = "just as many" if not more else f"{abs(more)} {'more' if more > 0 else 'fewer'}"
    return f"RoBERTa's bytes make {roberta.pieces} pieces of it, {what} (a vocabulary of {roberta.vocabulary:,} against {bert.vocabulary:,})."
