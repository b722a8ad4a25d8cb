"""Ten masks predicted as one types: from a key press to the painted candidates, and the masks filled one after another."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from attnviz.jobs.fill_all_masks import FillAllMasks
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.tabs.masking import MaskingTab
from attnviz.trace import Candidates, Way
from attnviz.window import Window
from benchmarks.pairs import in_turn, timed
from benchmarks.press import Press
from benchmarks.row import Row
from benchmarks.subjects import application, checkpoint, folder, process_events, text

NAME = "live-masks"
MASKS = 10
FIXED_S = 0.030
MOST_FILLING = 1.25


def measure(*, quick: bool = False) -> list[Row]:
    lengths = (32,) if quick else (32, 128, 512)
    return [*(_live(length, 2 if quick else 31) for length in lengths), _filling(32, 2 if quick else 31)]


def masked(length: int) -> str:
    """A text of so many tokens, the two special ones included, in which ten words are masks and the last one isn't."""
    words = text(length).split()
    step = (len(words) - 1) / MASKS
    for number in range(MASKS):
        words[int(number * step)] = "[MASK]"
    return " ".join(words)


def _bare(length: int) -> Callable[[], object]:
    """The model called as a script would: ids in, probabilities of the words at the masks out."""
    opened = checkpoint()
    tokens = opened.codec.encode(masked(length))
    assert (len(tokens), len(tokens.masks)) == (length, MASKS)
    ids, places = torch.tensor([tokens.ids]), list(tokens.masks)

    @torch.inference_mode()
    def forward() -> object:
        return opened.model.word_logits(opened.model(ids)[0, places]).softmax(-1)

    return forward


def _live(length: int, rounds: int) -> Row:
    with _masking(masked(length - 1)) as (window, tab):
        press = Press(window, tab.bars, lambda: _shown(tab), (length, MASKS, False))
        pairs = in_turn(press, timed(_bare(length)), rounds)
    limit = 1.25 + FIXED_S / statistics.median(pairs.theirs)
    return Row(
        NAME,
        f"key press to fresh candidates for {MASKS} masks, {length} tokens",
        "bare forward with its head at the masks",
        f"≤ 1.25 × + 30 ms (here {limit:.3g})",
        limit,
        pairs.ratios,
        note=pairs.said(),
    )


def _filling(length: int, rounds: int) -> Row:
    library, reference = Library(), Reference(str(folder()), "cpu")
    library.open(reference)
    job = FillAllMasks(reference, masked(length), ways=(Way.LEFT_TO_RIGHT,))
    pairs = in_turn(timed(lambda: list(job.run(library))), timed(_bare_loop(length)), rounds)
    return Row(
        NAME,
        f"{MASKS} masks filled from left to right, {length} tokens, with all candidates and both measures",
        "the same forwards in a bare loop",
        f"≤ {MOST_FILLING}",
        MOST_FILLING,
        pairs.ratios,
        note=pairs.said(),
    )


def _bare_loop(length: int) -> Callable[[], object]:
    """Ten forwards, each filling a mask, and two batches that measure the words."""
    opened = checkpoint()
    tokens = opened.codec.encode(masked(length))
    places, mask = list(tokens.masks), opened.codec.mask
    assert mask is not None

    @torch.inference_mode()
    def loop() -> object:
        ids = torch.tensor([tokens.ids])
        for number, place in enumerate(places):
            scores = opened.model.word_logits(opened.model(ids)[0, places[number:]])
            ids[0, place] = scores[0].argmax()
        covered, alone = ids.repeat(MASKS, 1), ids.repeat(MASKS, 1)
        for number, place in enumerate(places):
            covered[number, places[number:]] = mask
            alone[number, place] = mask
        rows = list(range(MASKS))
        return [
            opened.model.word_logits(opened.model(batch)[rows, places]).log_softmax(-1) for batch in (covered, alone)
        ]

    return loop


def _shown(tab: MaskingTab) -> object:
    """How many tokens and masks the candidates are for, and whether they are yesterday's."""
    trace = tab.bars.trace
    return len(trace.tokens() or ()), len(trace.every(Candidates)), tab.bars.stale


@contextmanager
def _masking(sentence: str) -> Iterator[tuple[Window, MaskingTab]]:
    """The real window with the shipped model and the masking tab in front, settled on ``sentence``."""
    application()
    from attnviz import session, settings

    window = session.make_window(settings.Settings(sentence=sentence, theme="light", tab="masking"), None, folder())
    window.show()
    window.open(str(folder()))
    process_events(lambda: window.is_settled)
    try:
        assert isinstance(window.tab, MaskingTab)
        yield window, window.tab
    finally:
        window.close()
        window.deleteLater()
