"""``attnviz fill-mask --stride``: masks beyond what the model reads at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run

TEXT = "the cat sat on a mat " * 20 + "the [MASK] sat on a mat"


def test_the_json_has_windows_too(run: Run, tiny: Path) -> None:
    """All tokens, each mask with the number of its window, and every window from its first token to behind its last."""
    found = run("fill-mask", TEXT, "--checkpoint", tiny, "--stride", "31", "--json").json
    assert len(found["tokens"]) == 128
    [mask] = found["masks"]
    assert found["tokens"][mask["position"]] == "[MASK]"
    assert found["windows"] == [[1, 63], [32, 94], [63, 125], [65, 127]]
    assert mask["window"] == 3
    assert len(mask["candidates"]) == 10


def test_without_json_the_window_is_named(run: Run, tiny: Path) -> None:
    """Beside the mask's position, in the same numbers."""
    lines = run("fill-mask", TEXT, "--checkpoint", tiny, "--stride", "31", "--top", "1").out.splitlines()
    assert lines[1] == "position 122, window 65 to 126"


def test_without_a_stride_there_are_no_windows(run: Run, tiny: Path) -> None:
    """The answer is what it was."""
    found = run("fill-mask", "the [MASK]", "--checkpoint", tiny, "--json").json
    assert list(found) == ["checkpoint", "tokens", "masks"]
    assert list(found["masks"][0]) == ["position", "candidates"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stride", "0"), "between 1 and 62"),
        (("--stride", "63"), "between 1 and 62"),
        (("--stride", "far"), "far"),
        (("--stride", "9", "--pair", "a dog"), "second sentence"),
        (("--stride", "9", "--fill", "joint"), "--stride"),
        (("--stride", "9", "--edit", "drop-head 0.0"), "changes inside the model"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, tiny: Path, words: tuple[str, ...], said: str) -> None:
    """In one sentence."""
    assert said in run("fill-mask", TEXT, "--checkpoint", tiny, *words).refusal()
