"""The pages of the masking tab beside the live predictions; adding one is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.tabs.paged import PageEntry

if TYPE_CHECKING:
    from attnviz.trace import LoadReport

PREDICT = ("Predict", "What stands behind each mask, as you type")


def no_mask(report: LoadReport) -> str:
    """Why words can't be masked and predicted."""
    if report.can_fill_masks:
        return ""
    return f"“{report.name}” can't predict masked words: it has no masked-word head, or its tokenizer no mask token. Open a checkpoint that has both, such as bert-l6-h384-en."


def no_pair(report: LoadReport) -> str:
    """Why pairs can't be judged."""
    if report.can_judge_pairs:
        return ""
    return f"“{report.name}” has no next-sentence head, so it can't say whether two sentences are neighbours. Open a checkpoint that has one, such as bert-l6-h384-en."


def no_detector(report: LoadReport) -> str:
    """Why replaced words can't be told: neither the open model nor one that ships can."""
    from attnviz.tabs.electra_models import shipped_detectors  # noqa: PLC0415 - reads folders: only where the page is looked at

    if report.can_detect or shipped_detectors():
        return ""
    return f"“{report.name}” can't tell replaced words, and no ELECTRA discriminator ships with this copy. Open one: a folder with model_type electra and a discriminator's head."


def nothing(_report: LoadReport) -> str:
    """What any model will do for."""
    return ""


PAGES: tuple[PageEntry, ...] = (
    PageEntry(
        "sample",
        "Mask like BERT",
        "Which tokens training chooses, what it shows in their place, and what the model answers there",
        "attnviz.tabs.masking_sample",
        "SamplePage",
        no_mask,
    ),
    PageEntry(
        "rate",
        "15 %",
        "What the model still predicts as more is masked, and how much a text then teaches",
        "attnviz.tabs.masking_rate",
        "RatePage",
        no_mask,
    ),
    PageEntry(
        "mismatch",
        "The mismatch",
        "Each word predicted with [MASK], a random word and itself shown: why 80 %, 10 % and 10 %",
        "attnviz.tabs.masking_mismatch",
        "MismatchPage",
        no_mask,
    ),
    PageEntry(
        "several",
        "Several masks",
        "Masks filled jointly, one by one, and best first; how probable the sentence is",
        "attnviz.tabs.masking_several",
        "SeveralPage",
        no_mask,
    ),
    PageEntry(
        "pair",
        "Next sentence",
        "Does the second sentence follow the first? What the next-sentence head says, and how it comes to say so",
        "attnviz.tabs.masking_pair",
        "PairPage",
        no_pair,
    ),
    PageEntry(
        "long",
        "512",
        "What happens to a text that is longer than the model reads, and windows that slide over it",
        "attnviz.tabs.masking_long",
        "LongPage",
        no_mask,
    ),
    PageEntry(
        "electra",
        "ELECTRA",
        "Words are replaced, and a discriminator tells which",
        "attnviz.tabs.masking_electra",
        "ElectraPage",
        no_detector,
    ),
    PageEntry(
        "objectives",
        "Objectives",
        "What BERT, RoBERTa and ELECTRA change, with the numbers of the models at hand",
        "attnviz.tabs.masking_objectives",
        "ObjectivesPage",
        nothing,
    ),
)
