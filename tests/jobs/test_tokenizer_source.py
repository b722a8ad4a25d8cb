"""A stranger's tokenizer is checked in a child process: it may crash, hang or eat memory there, and costs a sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from attnviz.errors import AttnvizError
from attnviz.jobs.compare_cuts import CompareCuts
from attnviz.jobs.cut_text import CutText
from attnviz.jobs.tokenizer_source import TokenizerSource
from attnviz.models.gate import TokenizerExamination, examine_tokenizer
from attnviz.trace import Comparison, Cut, Progress, Trace

START = "attnviz.models.gate.examination._START"
TEXT = "low lower lowest"


@pytest.fixture
def tokenizer(shipped: Path, tmp_path: Path) -> Path:
    """A tokenizer.json that stands alone; each test has its own, so that none was checked before."""
    path = tmp_path / "alone.json"
    path.write_bytes((shipped / "tokenizer.json").read_bytes())
    return path


def children() -> set[str]:
    """The processes that this one started and that are still there."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {child for task in tasks for child in task.read_text().split()}


def refusal(job: CutText) -> AttnvizError:
    with pytest.raises(AttnvizError) as caught:
        list(job.run(None))
    return caught.value


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_nothing_of_a_strangers_file_is_read_in_this_process(
    tokenizer: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The child's answer is all that is used: the ids are those of the library, and the reader here never runs."""
    path = tokenizer if kind == "file" else shipped
    opened: list[str] = []
    for name in ("sanitise", "read_tokenizer", "read_bytes"):
        monkeypatch.setattr(f"attnviz.models.gate.checks.{name}", lambda *_, **__: opened.append("here"))
    trace = Trace().plus(*CutText(TEXT, TokenizerSource(str(path))).run(None))
    (cut,) = trace.every(Cut)
    authority = Tokenizer.from_file(str(shipped / "tokenizer.json")).encode(TEXT)
    assert [piece.id for piece in cut.stages[-1].pieces] == authority.ids
    assert opened == []


def test_the_child_gives_the_same_specification(tokenizer: Path) -> None:
    """What travels through the pipe arrives unaltered, down to the types."""
    assert TokenizerExamination(tokenizer).spec() == examine_tokenizer(tokenizer)


@pytest.mark.parametrize(
    ("child", "code", "word"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "GATE_CRASHED", "SIGSEGV"),
        ("import time; time.sleep(60)", "GATE_TIMEOUT", "took longer"),
        ('print(\'{"verdict": {"json": 3}}\')', "GATE_CRASHED", "hostile"),
    ],
    ids=["crash", "hang", "nonsense"],
)
def test_what_a_hostile_file_does_to_the_child_costs_a_sentence(
    tokenizer: Path, monkeypatch: pytest.MonkeyPatch, child: str, code: str, word: str
) -> None:
    """The job ends with it, the next one is answered, and no process is left."""
    before = children()
    with monkeypatch.context() as patch:
        patch.setattr(START, child)
        patch.setattr("attnviz.models.gate.examination.TIMEOUT", 0.3)
        error = refusal(CutText(TEXT, TokenizerSource(str(tokenizer))))
    assert error.code == code
    assert word in error.sentence
    assert children() == before
    trace = Trace().plus(*CutText(TEXT, TokenizerSource(str(tokenizer))).run(None))
    assert trace.every(Cut)


@pytest.mark.skipif(sys.platform != "linux", reason="the processes are counted in /proc")
def test_cancelling_stops_the_child_at_once(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the child works the job yields, so that a cancel is answered within 250 ms; the child is gone then."""
    monkeypatch.setattr(START, "import time; time.sleep(60)")
    before = children()
    run = CutText(TEXT, TokenizerSource(str(tokenizer))).run(None)
    yielded = [next(run) for _ in range(4)]
    assert {type(record) for record in yielded} == {Progress}
    assert len(children() - before) == 1
    began = time.perf_counter()
    next(run)
    run.close()
    assert time.perf_counter() - began < 0.25
    assert children() == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process from taking address space")
def test_a_file_that_takes_too_much_memory_is_refused(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child limits itself."""
    monkeypatch.setattr(
        START,
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import attnviz.models.gate as gate, attnviz.models.gate.__main__ as child\n"
        "gate.examine_tokenizer = lambda *a, **k: bytearray(3 * 2**30)\n"
        "child.main(sys.argv[1:])",
    )
    assert refusal(CutText(TEXT, TokenizerSource(str(tokenizer)))).code == "GATE_MEMORY"


def test_a_file_is_checked_once_until_it_changes(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typing on costs no process, nor does a name or an edit; another file under the same name does."""
    source = TokenizerSource(str(tokenizer))
    list(CutText(TEXT, source).run(None))
    monkeypatch.setattr(START, "raise SystemExit(9)")
    named = TokenizerSource(str(tokenizer), name="before")
    trace = Trace().plus(*CompareCuts(TEXT, (source, named)).run(None))
    assert trace.every(Comparison)
    found = json.loads(tokenizer.read_bytes())
    tokenizer.write_text(json.dumps(found), encoding="utf-8")
    os.utime(tokenizer, ns=(0, 1))
    assert refusal(CutText(TEXT, source)).code == "GATE_CRASHED"


def test_the_child_needs_no_torch(tokenizer: Path) -> None:
    """It answers in a fraction of a second, and the jobs that ask it have imported nothing heavy either."""
    code = (
        "import sys; from attnviz.jobs.cut_text import CutText; from attnviz.jobs.tokenizer_source import TokenizerSource; "
        f"list(CutText('a', TokenizerSource({str(tokenizer)!r})).run(None)); "
        "print({'torch', 'PySide6', 'transformers'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert run.stdout.strip() == "set()"
