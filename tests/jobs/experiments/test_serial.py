"""Serial against parallel: layers against torch's own, bytes and chains of products against arithmetic by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.jobs.experiments import serial as job_module
from attnviz.jobs.experiments.serial import CHAIN, MEMORY, NAMES, TIME, Serial, crossings, who_is_faster
from attnviz.models.experiments.serial import Recurrent, SelfAttention, bench, chain
from attnviz.models.library import Library
from attnviz.trace import Conclusion, Notice, Plot, Trace, measured


def drained(run):
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


def traced(**settings) -> Trace:
    job = Serial(**{"width": "64", "longest": 64, "repeats": 3, **settings})
    return Trace().plus(*job.run(Library()))


def curve(trace: Trace, plot: str, name: str):
    return next(series for series in trace.find(Plot, plot).series if series.name == name)


@pytest.mark.parametrize("fused", [False, True])
def test_self_attention_is_torchs_own(fused: bool) -> None:
    """The same weights in torch.nn.MultiheadAttention."""
    torch.manual_seed(0)
    layer = SelfAttention(128, fused=fused)
    theirs = torch.nn.MultiheadAttention(128, 2, batch_first=True)
    parts = (layer.project.query, layer.project.key, layer.project.value)
    theirs.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    theirs.out_proj.load_state_dict(layer.project.output.state_dict())
    states = torch.randn(1, 9, 128)
    with torch.no_grad():
        torch.testing.assert_close(layer(states), theirs(states, states, states)[0], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("tokens", [1, 5, 17])
def test_the_chain_of_a_recurrent_layer_is_as_long_as_the_text(tokens: int) -> None:
    """As many products as tokens wait for each other in a GRU; in self-attention four, of queries, scores, weighted sum and output."""
    states = torch.randn(1, tokens, 64)
    assert drained(chain(Recurrent(64)(states), "x")) == tokens
    for fused in (False, True):
        assert drained(chain(SelfAttention(64, fused=fused)(states), "x")) == 4


def test_a_chain_is_the_longest_one() -> None:
    """By hand: three products in a row beside one, and none at all."""
    start, matrix = torch.randn(2, 2, requires_grad=True), torch.randn(2, 2)
    assert drained(chain(start @ matrix @ matrix @ matrix + start @ matrix, "x")) == 3
    assert drained(chain(start + 1, "x")) == 0
    assert drained(chain(torch.zeros(2), "x")) == 0


@pytest.mark.parametrize(("width", "heads"), [(64, 1), (128, 2)])
def test_what_attention_keeps_is_counted_by_hand(width: int, heads: int) -> None:
    """Q, K, V and the context, (tokens, width) each, and the weights of every head; in four bytes a number."""
    layers, tokens = bench(width, NAMES), 32
    kept, output = layers.kept(NAMES[1], layers.states(tokens, 0))
    assert output.shape == (1, tokens, width)
    assert kept == 4 * (4 * tokens * width + heads * tokens**2)


def test_memory_grows_with_the_square_or_with_the_length() -> None:
    """Twice as many tokens: twice as much for the GRU and the fused kernel, more than three times for the weights of long texts."""
    layers = bench(64, NAMES)
    short, long = ([layers.kept(name, layers.states(tokens, 0))[0] for name in NAMES] for tokens in (512, 1024))
    ratios = np.array(long) / np.array(short)
    assert ratios[0] == pytest.approx(2, rel=0.01)
    assert ratios[1] > 3
    assert ratios[2] == pytest.approx(2, rel=0.01)


def test_a_run_measures_every_length_of_every_layer() -> None:
    """Lengths are the powers of two; each time is a median between its quartiles of as many runs as were asked for."""
    trace = traced()
    for plot in (TIME, MEMORY, CHAIN):
        assert [series.name for series in trace.find(Plot, plot).series] == list(NAMES)
        assert all(series.places.tolist() == [16, 32, 64] for series in trace.find(Plot, plot).series)
    for name in NAMES:
        times = curve(trace, TIME, name)
        assert (times.low > 0).all()
        assert (times.low <= times.values).all()
        assert (times.values <= times.high).all()
        assert dict(times.told)["runs"].tolist() == [3, 3, 3]
    assert curve(trace, CHAIN, "GRU").values.tolist() == [16, 32, 64]
    assert curve(trace, MEMORY, NAMES[1]).values[-1] == 4 * (4 * 64 * 64 + 64**2) / 2**20


def test_the_conclusion_has_the_numbers_of_the_run() -> None:
    """Times, memory and chains at the longest."""
    trace = traced()
    times, memory, chains = trace.find(Conclusion).sentences
    assert f"GRU {curve(trace, TIME, 'GRU').values[-1]:.3g} ms" in times
    assert f"GRU {curve(trace, MEMORY, 'GRU').values[-1]:.3g} MiB" in memory
    assert "GRU 64 (at 16 tokens 16)" in chains


def test_two_curves_cross_where_they_are_equal() -> None:
    """Analytic: x and x²/100 meet at 100, on logarithmic axes straight lines; curves that don't meet have no crossing."""
    places = measured([16, 32, 64, 128, 256])
    assert crossings(places, places, places**2 / 100) == pytest.approx((100.0,))
    assert crossings(places, places, places * 2) == ()


@pytest.mark.parametrize(
    ("attention", "said"),
    [
        ([1, 1, 1], "is faster at every length up to 64, no crossing was seen"),
        ([9, 9, 9], "is slower at every length"),
        ([1, 3.999999, 16], "is faster up to about 32 tokens and slower from there"),
        ([16, 4.000001, 1], "is slower up to about 32 tokens and faster from there"),
        ([2, 8, 2], "crosses it at about"),
    ],
)
def test_what_was_seen_is_said(attention: list[float], said: str) -> None:
    """Whatever the machine does: who is faster where, against four milliseconds everywhere."""
    places = measured([16, 32, 64])
    assert said in who_is_faster(places, measured([4, 4, 4]), measured(attention))


def test_a_slow_machine_is_not_asked_for_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its patience three runs are enough; past the budget the longer texts are left out, which is said."""
    monkeypatch.setattr(job_module, "PATIENCE_S", 0.0)
    monkeypatch.setattr(job_module, "BUDGET_S", 0.0)
    trace = traced(repeats=50)
    times = curve(trace, TIME, "GRU")
    assert times.places.tolist() == [16]
    assert dict(times.told)["runs"].tolist() == [3]
    assert "from 32 tokens on were left out" in trace.find(Notice, "lengths").sentence


def test_it_stops_where_it_is_closed() -> None:
    """Nothing is measured after the generator is closed."""
    run = Serial(width="64", longest=2048, repeats=200).run(Library())
    for _ in range(10):
        next(run)
    run.close()
    assert list(run) == []
