"""Decoding as a job: what it records equals an independent computation, and a changed run is redone only from the change on."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch

from attnviz.edits import DecodingEdit, ForceToken, HideSource, SetContext, SetWeights
from attnviz.errors import JobError
from attnviz.jobs.decode import Decode, Draw, Earlier, SearchBeam
from attnviz.models import encoder_decoder, recurrent
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Choice, Decoding, Encoding, LoadReport, Notice, Progress, Timing, Tokens
from tests.jobs.decode_parts import ROWS, SOURCE, answer, same, write_kinds
from tests.records import run
from tests.translators import tiny_model


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reference]:
    return write_kinds(tmp_path_factory.mktemp("decode"))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.mark.parametrize("kind", ["none", "dot", "general", "additive"])
def test_what_is_recorded_is_what_the_model_computes_at_once(
    kind: str, library: Library, folders: dict[str, Reference]
) -> None:
    """All steps in one teacher-forced pass, the softmax by numpy: every record equals it to 1e-5."""
    trace = run(library, Decode(folders[kind], SOURCE))
    found, encoding, tokens = trace.find(Decoding), trace.find(Encoding), trace.find(Tokens, "encoder")
    model = tiny_model(kind, 5)
    encoded = model.encode(torch.tensor([tokens.ids]))
    steps = model.steps(torch.tensor([found.previous]), encoded.fixed, encoded)
    for name in ("embedded", "hidden", "scores", "weights", "context", "attentional", "logits"):
        theirs, ours = getattr(steps, name), getattr(found, name)
        if theirs is None:
            assert ours is None
        else:
            np.testing.assert_allclose(ours, theirs[0].numpy(), atol=1e-5, err_msg=name)
    np.testing.assert_allclose(encoding.states, encoded.states[0].numpy(), atol=1e-5)
    np.testing.assert_allclose(encoding.fixed, encoded.fixed[0].numpy(), atol=1e-5)
    logits = steps.logits[0].double().numpy()
    softmax = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    for step, token in enumerate(found.tokens):
        assert found.probabilities[step] == pytest.approx(softmax[step, token], abs=1e-5)
        assert found.ranks[step] == 1
        assert found.best(step, 3)[0].id == token
    rebuilt = (1 - found.update) * found.candidate + found.update * found.before
    np.testing.assert_allclose(rebuilt, found.hidden, atol=1e-5)
    if found.weights is not None:
        np.testing.assert_allclose(found.weights.sum(-1), 1, atol=1e-5)
        np.testing.assert_allclose(found.weighted(0, encoding).sum(0), found.context[0], atol=1e-5)
    if kind == "additive":
        np.testing.assert_allclose(found.inside(0, encoding) @ encoding.vector, found.scores[0], atol=1e-5)
    assert found.score == pytest.approx(float(np.log(found.probabilities).sum()))


def test_records_are_read_only_and_pickle(library: Library, folders: dict[str, Reference]) -> None:
    """Nobody can change what was computed, and it travels."""
    job = Decode(folders["additive"], SOURCE)
    found = answer(library, job)
    for name in ROWS:
        assert not getattr(found, name).flags.writeable, name
    same(pickle.loads(pickle.dumps(found)), found)
    assert pickle.loads(pickle.dumps(job)) == job


def test_the_records_come_in_order(
    library: Library, folders: dict[str, Reference], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Report, tokens, encoder; then the answer and its time. What takes long gives signs of life and shows what there is."""
    job = Decode(folders["dot"], SOURCE)
    kinds = [type(record) for record in job.run(library) if not isinstance(record, Notice)]
    assert [kind for kind in kinds if kind is not Progress] == [LoadReport, Tokens, Encoding, Decoding, Timing]
    whole = answer(library, job)
    monkeypatch.setattr(encoder_decoder, "SIGN_S", 0.0)
    monkeypatch.setattr(encoder_decoder, "LOOK_S", 0.0)
    records = list(job.run(library))
    signs = [record for record in records if isinstance(record, Progress)]
    assert [sign.done for sign in signs] == list(range(1, len(whole) + 1))
    *looks, last = [record for record in records if isinstance(record, Decoding)]
    assert [len(look) for look in looks] == list(range(1, len(whole) + 1))
    same(last, whole)
    for look in looks:
        assert look.tokens == whole.tokens[: len(look)]


EDITS: list[tuple[DecodingEdit, ...]] = [
    (ForceToken(3, 5),),
    (SetWeights(2, (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)),),
    (HideSource(1, 4),),
    (SetContext(2, (0.0,) * 10, "nothing"),),
    (HideSource(4, 0), ForceToken(2, 6), SetWeights(5, (1 / 7,) * 7)),
    (ForceToken(0, 7),),
    (ForceToken(2, 2),),
]


@pytest.mark.parametrize("edits", EDITS, ids=lambda edits: type(edits[0]).__name__ + str(edits[0].step))
@pytest.mark.parametrize("kind", ["general", "additive"])
def test_a_changed_run_that_goes_on_equals_one_from_the_start(
    kind: str, edits: tuple[DecodingEdit, ...], library: Library, folders: dict[str, Reference]
) -> None:
    """Bit for bit, and back again: undoing every edit gives the first answer."""
    plain = Decode(folders[kind], SOURCE)
    first = run(library, plain)
    earlier = Earlier.of(plain, first)
    fresh = answer(library, Decode(folders[kind], SOURCE, edits=edits))
    changed_job = Decode(folders[kind], SOURCE, edits=edits, earlier=earlier)
    changed = run(library, changed_job)
    same(changed.find(Decoding), fresh)
    assert changed.find(Decoding).changed == tuple(
        sorted({edit.step for edit in edits if edit.step < len(changed.find(Decoding))})
    )
    back = Earlier.of(changed_job, changed)
    same(answer(library, Decode(folders[kind], SOURCE, earlier=back)), first.find(Decoding))


def test_a_change_at_a_step_costs_only_the_steps_after_it(
    library: Library, folders: dict[str, Reference], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encoder isn't run again, and the decoder is asked once for every step from the change on."""
    plain = Decode(folders["general"], SOURCE)
    first = run(library, plain)
    earlier = Earlier.of(plain, first)
    asked: list[int] = []
    advance = recurrent.Recurrent.advance

    def watched(self: recurrent.Recurrent, state: torch.Tensor, fed: Any, step: int) -> Any:
        asked.append(step)
        return advance(self, state, fed, step)

    monkeypatch.setattr(recurrent.Recurrent, "advance", watched)
    model = library.encoder_decoder(folders["general"]).writer.model
    monkeypatch.setattr(type(model), "encode", lambda *_: pytest.fail("the encoder ran"))
    changed = answer(library, Decode(folders["general"], SOURCE, edits=(ForceToken(4, 5),), earlier=earlier))
    assert asked == list(range(4, len(changed)))
    asked.clear()
    same(answer(library, Decode(folders["general"], SOURCE, earlier=earlier)), first.find(Decoding))
    assert asked == []


def test_an_earlier_answer_to_another_question_is_not_used(library: Library, folders: dict[str, Reference]) -> None:
    """Another source or model is computed from the start."""
    plain = Decode(folders["general"], SOURCE)
    first = run(library, plain)
    earlier = Earlier.of(plain, first)
    same(
        answer(library, Decode(folders["general"], "other", earlier=earlier)),
        answer(library, Decode(folders["general"], "other")),
    )
    same(
        answer(library, Decode(folders["dot"], SOURCE, earlier=earlier)),
        answer(library, Decode(folders["dot"], SOURCE)),
    )


def test_edits_do_what_they_say(library: Library, folders: dict[str, Reference]) -> None:
    """Forced words, given weights, hidden tokens and given contexts stand in the records."""
    weights = (0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5)
    edits = (ForceToken(0, 6), SetWeights(1, weights), HideSource(2, 3), SetContext(3, tuple(range(10)), "a ramp"))
    trace = run(library, Decode(folders["additive"], SOURCE, edits=edits))
    found, encoding = trace.find(Decoding), trace.find(Encoding)
    assert (found.tokens[0], found.choices[0]) == (6, Choice.FORCED)
    np.testing.assert_allclose(found.weights[1], weights)
    np.testing.assert_allclose(found.context[1], (encoding.states[0] + encoding.states[6]) / 2, atol=1e-6)
    assert np.all(found.weights[2:, 3] == 0)
    assert np.all(found.scores[2:, 3] == -np.inf)
    assert np.all(found.weights[:2, 3] > 0) or weights[3] == 0
    np.testing.assert_allclose(found.context[3], range(10))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (ForceToken(0, 8), "ids up to 7"),
        (SetWeights(0, (0.5, 0.5)), "7 tokens, and there are 2 weights"),
        (HideSource(0, 7), "tokens 0 to 6"),
        (SetContext(0, (1.0,) * 9), "10 numbers, not 9"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(
    edit: DecodingEdit, words: str, library: Library, folders: dict[str, Reference]
) -> None:
    """Another text or model: the sentence says what is wrong."""
    with pytest.raises(JobError, match=words):
        run(library, Decode(folders["general"], SOURCE, edits=(edit,)))


def test_without_attention_there_is_nothing_to_set(library: Library, folders: dict[str, Reference]) -> None:
    """Words can be forced, weights can't."""
    assert answer(library, Decode(folders["none"], SOURCE, edits=(ForceToken(1, 5),))).tokens[1] == 5
    with pytest.raises(JobError, match="no attention"):
        run(library, Decode(folders["none"], SOURCE, edits=(HideSource(0, 1),)))
    hidden = tuple(HideSource(0, place) for place in range(len(SOURCE)))
    with pytest.raises(JobError, match="every source token would be hidden"):
        run(library, Decode(folders["dot"], SOURCE, edits=hidden))


@pytest.mark.parametrize(
    "make",
    [
        lambda: SetWeights(0, (0.4, 0.4)),
        lambda: SetWeights(0, (1.5, -0.5)),
        lambda: SetWeights(0, (float("nan"), 1.0)),
        lambda: SetWeights(0, ()),
        lambda: SetContext(0, (float("inf"),)),
        lambda: ForceToken(-1, 3),
        lambda: ForceToken(True, 3),
        lambda: HideSource(0, -2),
        lambda: Draw(0.0),
        lambda: Draw(float("nan")),
        lambda: Draw(1.0, -1),
        lambda: SearchBeam(Reference("x"), "a", 0),
        lambda: SearchBeam(Reference("x"), "a", 11),
        lambda: SearchBeam(Reference("x"), "a", 2, float("nan")),
    ],
)
def test_nonsense_is_refused_where_it_is_made(make: Any) -> None:
    """One sentence, no model needed."""
    with pytest.raises(JobError):
        make()
