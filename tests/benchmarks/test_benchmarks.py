"""The benchmarks run and find ratios. What they find on a quiet machine stands in their own table, never here."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from benchmarks import (
    bpe_page,
    decoding,
    editing,
    head_grid,
    key_press,
    live_masks,
    masked_accuracy,
    other_head,
    recording,
    scrubbing,
)
from benchmarks.pairs import Pairs, in_turn
from benchmarks.passages import Shingles, passages, sentences
from benchmarks.row import Row
from benchmarks.subjects import checkpoint


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    "benchmark",
    [recording, head_grid, other_head, key_press, live_masks, bpe_page, decoding, scrubbing, editing],
    ids=lambda module: module.NAME,
)
def test_a_quick_run_finds_finite_positive_figures(benchmark: object) -> None:
    """Every row of a tiny case has figures, and the line of the table says them."""
    rows: list[Row] = benchmark.measure(quick=True)  # type: ignore[attr-defined] # a module of benchmarks
    QApplication.sendPostedEvents(None, 0)
    assert rows
    for row in rows:
        assert all(math.isfinite(value) and (value > 0 or row.unit == "ms more") for value in row.values)
        assert row.what in row.line()


def test_a_row_holds_when_its_median_does() -> None:
    """One slow round doesn't break a goal, half of them do."""
    row = Row("name", "what", "against", "≤ 2", 2.0, (1.0, 1.5, 9.0))
    assert row.holds
    assert not Row("name", "what", "against", "≤ 2", 2.0, (1.0, 3.0, 9.0)).holds
    assert row.line() == "| what | against | ≤ 2 | **1.5** (1–9) | yes |"


def test_pairs_are_measured_in_turn() -> None:
    """Who goes first alternates, and the first round of both doesn't count."""
    order: list[str] = []

    def side(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    pairs = in_turn(lambda: side("ours", 3.0), lambda: side("theirs", 2.0), 2)
    assert order == ["ours", "theirs", "ours", "theirs", "theirs", "ours"]
    assert pairs == Pairs((3.0, 3.0), (2.0, 2.0))
    assert pairs.ratios == (1.5, 1.5)


def test_fortunes_lose_their_authors_and_long_lines_are_cut_at_sentences(tmp_path: Path) -> None:
    """Passages are plain text of at most about a hundred words."""
    fortunes = (
        'A clash of doctrine is not a disaster --\nit is an opportunity.\n\t\t-- Somebody, "Somewhere"\n%\nShort.\n%\n'
    )
    assert list(passages(fortunes)) == ["A clash of doctrine is not a disaster -- it is an opportunity."]
    long = " ".join(["Nine words and a stop stand in this sentence."] * 30)
    cut = list(passages(long))
    assert [len(passage.split()) for passage in cut] == [99, 99, 72]
    assert sentences(cut[0])[0] == "Nine words and a stop stand in this sentence."
    path = tmp_path / "text.txt"
    path.write_text("and there stood, in the dark, a very old house\n")
    assert Shingles([path]).overlap("There stood in the dark a very old bear? And there stood in the dark a very old.")
    assert not Shingles([path]).overlap("There stood in the dark a rather old house.")


def test_masked_accuracy_counts_only_masks() -> None:
    """The figures lie where shares and nats can lie, and the seed decides them."""
    lines = ["The capital of France is a large city on a river.", "He went to the shop and bought a loaf of bread."]
    first, again = (masked_accuracy.guess(checkpoint(), lines, seed=1) for _ in range(2))
    assert first == again
    assert first.positions == 4
    assert 0 <= first.top1 <= first.top5 <= 1
    assert first.nats > 0
