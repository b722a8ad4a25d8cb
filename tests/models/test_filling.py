"""Several masks filled, against a plain loop around transformers' own masked model."""

from __future__ import annotations

import math
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.errors import JobError, TextError
from attnviz.jobs.fill_all_masks import FillAllMasks
from attnviz.models.checkpoint import BATCH_TOKENS, Checkpoint
from attnviz.models.filling import chosen
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Candidate, Candidates, Filled, Filling, FillStep, Notice, Tokens, Trace, Way
from tests.badinputs.valid import SIZES, pieces
from tests.masked_model import MaskedModel, swayed_folder

SEP, MASK = 3, 4
TEXTS = [
    ("the [MASK] [MASK] on a mat", None, ()),
    ("[MASK] cat [MASK] sat [MASK] it", "in [MASK] plain", ()),
    ("the cat sat on a mat with it", None, ((4, 7), (12, 14), (17, 20))),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swayed_folder(tmp_path_factory.mktemp("filling") / "tiny")


@pytest.fixture(scope="module")
def authority(folder: Path) -> MaskedModel:
    return MaskedModel(folder)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def filled(library: Library, folder: Path, text: str, *rest: Any, **options: Any) -> Trace:
    return Trace().plus(*FillAllMasks(Reference(str(folder), "cpu"), text, *rest, **options).run(library))


def writable(logs: torch.Tensor) -> torch.Tensor:
    """The same without special tokens and numbers beyond the vocabulary."""
    allowed = torch.full_like(logs, -math.inf)
    allowed[5 : len(pieces())] = logs[5 : len(pieces())]
    return allowed


def greedy(authority: MaskedModel, tokens: Tokens, order: tuple[int, ...]) -> list[tuple[int, float]]:
    """The best word at each place in this order, with its ln p; each is put in before the next is asked for."""
    ids, found = list(tokens.ids), []
    for place in order:
        logs = writable(authority.at(ids, place, tokens.segments))
        ids[place] = int(logs.argmax())
        found.append((ids[place], float(logs.max())))
    return found


def chain(authority: MaskedModel, tokens: Tokens, ids: tuple[int, ...]) -> float:
    """Ln p of the words, uncovered from left to right."""
    shown, total = list(tokens.ids), 0.0
    for place in tokens.masks:
        total += float(authority.at(shown, place, tokens.segments)[ids[place]])
        shown[place] = ids[place]
    return total


def alone(authority: MaskedModel, tokens: Tokens, ids: tuple[int, ...]) -> float:
    """The sum of ln p of the words, each masked alone."""
    total = 0.0
    for place in tokens.masks:
        hidden = [MASK if other == place else number for other, number in enumerate(ids)]
        total += float(authority.at(hidden, place, tokens.segments)[ids[place]])
    return total


def parts(trace: Trace, way: Way) -> tuple[Tokens, Filling, list[FillStep]]:
    tokens, filling = trace.tokens(), trace.find(Filling, way)
    assert tokens is not None
    assert filling is not None
    return tokens, filling, [step for step in trace.every(FillStep) if step.way is way]


@pytest.mark.parametrize(("text", "pair", "masked"), TEXTS)
def test_left_to_right_is_a_loop_around_the_model(library, folder, authority, text, pair, masked) -> None:
    """Word for word and probability for probability what transformers gives when asked one mask after another."""
    tokens, filling, steps = parts(filled(library, folder, text, pair, masked), Way.LEFT_TO_RIGHT)
    expected = greedy(authority, tokens, tokens.masks)
    assert tuple(one.position for one in filling.order) == tokens.masks
    assert [one.word.id for one in filling.order] == [number for number, _ in expected]
    ours = [math.log(one.word.probability) for one in filling.order]
    np.testing.assert_allclose(ours, [log for _, log in expected], atol=1e-4)
    assert len(steps) == len(tokens.masks)


@pytest.mark.parametrize(("text", "pair", "masked"), TEXTS)
def test_best_first_takes_the_surest_mask_of_all_orders(library, folder, authority, text, pair, masked) -> None:
    """Of all orders tried by brute force, each step is the surest among those that began alike."""
    tokens, filling, _ = parts(filled(library, folder, text, pair, masked), Way.BEST_FIRST)
    tried = {order: greedy(authority, tokens, order) for order in permutations(tokens.masks)}
    left = list(tried)
    for step in range(len(tokens.masks)):
        surest = max(tried[order][step][1] for order in left)
        left = [order for order in left if tried[order][step][1] > surest - 1e-9]
    assert tuple(one.position for one in filling.order) == left[0]
    assert [one.word.id for one in filling.order] == [number for number, _ in tried[left[0]]]
    assert filling.log_probability == pytest.approx(sum(log for _, log in tried[left[0]]), abs=1e-3)


@pytest.mark.parametrize(("text", "pair", "masked"), TEXTS)
def test_joint_takes_the_masks_for_independent(library, folder, authority, text, pair, masked) -> None:
    """One forward; the probability of the whole is the product of what each mask has alone."""
    tokens, filling, steps = parts(filled(library, folder, text, pair, masked), Way.JOINT)
    rows = [writable(authority.at(tokens.ids, place, tokens.segments)) for place in tokens.masks]
    assert [one.word.id for one in filling.order] == [int(row.argmax()) for row in rows]
    assert filling.log_probability == pytest.approx(float(sum(row.max() for row in rows)), abs=1e-3)
    assert len(steps) == 1


@pytest.mark.parametrize("way", list(Way))
@pytest.mark.parametrize(("text", "pair", "masked"), TEXTS)
def test_the_measures_are_the_same_for_every_way(library, folder, authority, text, pair, masked, way) -> None:
    """The words from left to right and each alone, computed by hand from what was filled in."""
    tokens, filling, _ = parts(filled(library, folder, text, pair, masked), way)
    assert filling.left_to_right == pytest.approx(chain(authority, tokens, filling.ids), abs=1e-3)
    assert filling.pseudo == pytest.approx(alone(authority, tokens, filling.ids), abs=1e-3)
    if way is Way.LEFT_TO_RIGHT:
        assert filling.left_to_right == pytest.approx(filling.log_probability, abs=1e-3)


def test_every_step_lists_the_candidates_at_the_masks_that_are_open(library, folder, authority) -> None:
    """At each step, for each mask not yet filled, the words of transformers on the text as it then stands."""
    tokens, filling, steps = parts(filled(library, folder, TEXTS[1][0], TEXTS[1][1], top=3), Way.BEST_FIRST)
    ids, still = list(tokens.ids), list(tokens.masks)
    for number, step in enumerate(steps):
        assert step.step == number
        assert [record.position for record in step.open] == still
        for record in step.open:
            best = authority.at(ids, record.position, tokens.segments).exp().topk(3)
            assert [entry.id for entry in record.entries] == best.indices.tolist()
            np.testing.assert_allclose([entry.probability for entry in record.entries], best.values, atol=1e-5)
        (one,) = step.taken
        assert one == filling.order[number]
        ids[one.position] = one.word.id
        still.remove(one.position)
    assert tuple(ids) == filling.ids


def test_a_masked_word_keeps_its_standing_at_every_step(library, folder, authority) -> None:
    """Where a word was masked by hand, its own rank and probability are known while its mask is open."""
    text, pair, masked = TEXTS[2]
    tokens, _, steps = parts(filled(library, folder, text, pair, masked), Way.LEFT_TO_RIGHT)
    ids = list(tokens.ids)
    for step in steps:
        for record in step.open:
            own = tokens.originals[record.position]
            logs = authority.at(ids, record.position)
            assert record.probability == pytest.approx(float(logs[own].exp()), abs=1e-5)
            assert record.rank == int((logs > logs[own]).sum()) + 1
        ids[step.taken[0].position] = step.taken[0].word.id


def test_of_equals_the_leftmost_is_the_surest() -> None:
    """A tie is broken by place."""
    best = [
        Filled(place, Candidate(1, "a", "a", share), math.log(share))
        for place, share in ((2, 0.25), (5, 0.5), (9, 0.5))
    ]
    assert [one.position for one in chosen(Way.BEST_FIRST, best)] == [5]
    assert [one.position for one in chosen(Way.LEFT_TO_RIGHT, best)] == [2]
    assert [one.position for one in chosen(Way.JOINT, best)] == [2, 5, 9]


def test_special_tokens_are_listed_but_never_put_in(tmp_path: Path, library: Library) -> None:
    """A model that wants [SEP] everywhere is shown wanting it; its best word is taken, with its rank, and that is said."""
    folder = swayed_folder(tmp_path / "odd")
    weights = load_file(folder / "model.safetensors")
    weights["cls.predictions.bias"][SEP] += 500.0
    weights["cls.predictions.bias"][SIZES["vocab_size"] - 1] += 400.0  # a number without a piece
    save_file(weights, folder / "model.safetensors")
    trace = filled(library, folder, "the [MASK] cat [MASK]")
    for step in trace.every(FillStep):
        assert all(record.entries[0].id == SEP for record in step.open)
        assert all(one.rank >= 3 and 5 <= one.word.id < len(pieces()) for one in step.taken)
    [notice] = trace.every(Notice)
    assert notice.sentence.startswith("At positions 2, 4 the model's first choice is a special token")
    filling = trace.find(Filling, Way.JOINT)
    assert filling is not None
    assert math.isfinite(filling.log_probability)
    assert filling.pseudo is not None
    assert math.isfinite(filling.pseudo)


def test_the_candidates_of_the_unfilled_text_come_first(library: Library, folder: Path) -> None:
    """What a plain prediction would give, once, before any step."""
    records = list(FillAllMasks(Reference(str(folder), "cpu"), "a [MASK] [MASK]", top=2).run(library))
    kinds = [type(record) for record in records]
    candidates = [record for record in records if isinstance(record, Candidates)]
    assert [record.position for record in candidates] == [2, 3]
    assert kinds.index(Candidates) < kinds.index(FillStep) < kinds.index(Filling)


def test_only_the_ways_that_are_wished_run(library: Library, folder: Path) -> None:
    """One way alone gives the same as among all; none at all is refused where the job is made."""
    every = filled(library, folder, TEXTS[0][0])
    for way in Way:
        trace = filled(library, folder, TEXTS[0][0], ways=(way,))
        assert [filling.way for filling in trace.every(Filling)] == [way]
        assert parts(trace, way)[1:] == parts(every, way)[1:]
    with pytest.raises(JobError, match="no way"):
        FillAllMasks(Reference("x"), "a [MASK]", ways=())


def test_more_than_32_masks_are_filled_in_part_and_said(library: Library, folder: Path) -> None:
    """X10: the first 32 are filled, the others stay masks, in the ids and in the text."""
    tokens, filling, _ = parts(filled(library, folder, "[MASK] " * 34, ways=(Way.JOINT,)), Way.JOINT)
    assert tuple(one.position for one in filling.order) == tokens.masks[:32]
    assert [filling.ids[place] for place in tokens.masks[32:]] == [MASK, MASK]
    assert filling.text.rstrip().endswith("[MASK] [MASK]")
    said = filled(library, folder, "[MASK] " * 34, ways=(Way.JOINT,)).find(Notice, "masks")
    assert said is not None
    assert "first 32 of 34" in said.sentence


def test_a_text_without_masks_is_refused_or_passed(library: Library, folder: Path) -> None:
    """Which of both the asker wishes; a mask beyond the model's reach is its own case."""
    for text, code in (("the cat", "NO_MASK"), ("cat " * 70 + "[MASK]", "MASK_CUT_OFF"), ("", "EMPTY_TEXT")):
        with pytest.raises(TextError) as caught:
            filled(library, folder, text)
        assert caught.value.code == code
    assert filled(library, folder, "the cat", or_nothing=True).every(FillStep) == ()
    long = filled(library, folder, "cat " * 100_000 + "[MASK]", or_nothing=True)
    assert [notice.topic for notice in long.every(Notice)] == ["truncated"]


def test_batches_are_bounded_and_every_layer_is_a_chance_to_stop(
    library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """32 masks in the longest text: no forward has more tokens than a batch may, and none passes without records between layers."""
    sizes = []
    scores = Checkpoint.scores

    def watched(self: Checkpoint, ids: torch.Tensor, *rest: Any) -> Any:
        sizes.append(ids.numel())
        return scores(self, ids, *rest)

    monkeypatch.setattr(Checkpoint, "scores", watched)
    monkeypatch.setattr("attnviz.models.filling.BATCH_TOKENS", 256)
    job = FillAllMasks(Reference(str(folder), "cpu"), "[MASK] " * 32 + "cat " * 90, ways=(Way.JOINT,))
    records = list(job.run(library))
    assert max(sizes) == 256 <= BATCH_TOKENS
    assert len(records) >= 2 * len(sizes)
    assert not torch.is_inference_mode_enabled()


def test_a_run_that_is_closed_ends_at_once(library: Library, folder: Path) -> None:
    """Closed after any of its records, nothing more is computed and no mode leaks."""
    for steps in (1, 3, 8, 20):
        run = FillAllMasks(Reference(str(folder), "cpu"), "the [MASK] [MASK] on [MASK]").run(library)
        for _, _record in zip(range(steps), run, strict=False):
            assert not torch.is_inference_mode_enabled()
        run.close()  # type: ignore[attr-defined] # a generator
        assert next(run, None) is None


def test_probabilities_of_best_first_are_of_the_moment(library: Library, folder: Path) -> None:
    """The masks that stay open are predicted anew at each step."""
    _, _, steps = parts(filled(library, folder, TEXTS[1][0], TEXTS[1][1]), Way.BEST_FIRST)
    for before, after in pairwise(steps):
        last = {record.position: record.entries[0].probability for record in before.open}
        assert any(record.entries[0].probability != last[record.position] for record in after.open)
