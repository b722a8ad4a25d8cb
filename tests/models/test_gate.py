from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import CheckpointError
from attnviz.models.gate import Examination, Verdict, examine, unchanged
from attnviz.models.layout import Part
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from tests.badinputs import valid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return valid.write_bert_folder(tmp_path / "picked")


def refusal(folder: Path, **options: bool) -> str:
    with pytest.raises(CheckpointError) as caught:
        examine(folder, **options)
    return caught.value.code


def test_the_verdict_says_what_will_be_loaded(folder: Path) -> None:
    """Sizes, types, parts and files are all there, and no file is named that wasn't read."""
    verdict = examine(folder)
    assert verdict.config.hidden == valid.SIZES["hidden_size"]
    assert (verdict.format, verdict.dtype, verdict.tokenizer.mask) == ("safetensors", "F32", "[MASK]")
    assert verdict.bytes == sum(array.nbytes for array in valid.tensors().values())
    assert verdict.agreement.parts == {Part.ENCODER, Part.POOLER, Part.MLM, Part.NSP}
    assert {file.name for file in verdict.files} == {"config.json", "model.safetensors", "tokenizer.json"}
    assert {info.file for info in verdict.tensors.values()} == {"model.safetensors"}


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F64"])
def test_every_float_type_is_let_through(tmp_path: Path, dtype: str) -> None:
    """The four types that become float32 are taken and named."""
    assert examine(valid.write_bert_folder(tmp_path / "picked", dtype=dtype)).dtype == dtype


def test_integer_buffers_beside_the_weights_are_let_through(folder: Path) -> None:
    """Older checkpoints store position_ids as integers, which nobody reads."""
    arrays = {**valid.tensors(), "bert.embeddings.position_ids": np.arange(64)[None]}
    valid.write_safetensors(folder / "model.safetensors", arrays, **{"bert.embeddings.position_ids": "I64"})
    assert examine(folder).agreement.unexpected == ()


def test_safetensors_are_preferred_to_a_pickle(folder: Path) -> None:
    """A pickle that lies beside is not even opened."""
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n")
    assert examine(folder, allow_pickle=True).format == "safetensors"


def test_a_sharded_checkpoint_names_the_file_of_each_tensor(folder: Path) -> None:
    """The library reads each tensor from where the index said and the header agreed."""
    arrays = valid.tensors()
    names = list(arrays)
    for file, part in (("a.safetensors", names[:5]), ("b.safetensors", names[5:])):
        valid.write_safetensors(folder / file, {name: arrays[name] for name in part})
    index = {"weight_map": {name: "a.safetensors" if name in names[:5] else "b.safetensors" for name in names}}
    valid.write_json(folder / "model.safetensors.index.json", index)
    (folder / "model.safetensors").unlink()
    verdict = examine(folder)
    assert {name: info.file for name, info in verdict.tensors.items()} == index["weight_map"]


def test_the_memory_budget_counts_what_float32_needs(folder: Path) -> None:
    """Half-precision weights take twice their stored bytes once they are loaded."""
    valid.write_safetensors(folder / "model.safetensors", valid.tensors(dtype="F16"), "F16")
    stored = examine(folder).bytes
    examine(folder, memory=2 * stored)
    with pytest.raises(CheckpointError, match="memory"):
        examine(folder, memory=2 * stored - 1)


def test_a_touched_file_is_noticed(folder: Path) -> None:
    """The weights that are loaded must be the ones that were examined."""
    verdict = examine(folder)
    unchanged(verdict)
    path = folder / "model.safetensors"
    os.utime(path, ns=(1, 1))
    with pytest.raises(CheckpointError) as caught:
        unchanged(verdict)
    assert caught.value.code == "CHANGED_ON_DISK"


def test_a_vanished_folder_is_noticed(folder: Path) -> None:
    """A folder deleted between verdict and load is refused in words."""
    verdict = examine(folder)
    shutil.rmtree(folder)
    with pytest.raises(CheckpointError, match="changed on disk"):
        unchanged(verdict)


def test_the_child_gives_the_same_verdict(folder: Path) -> None:
    """What travels through the pipe arrives unaltered, down to the types."""
    (folder / "tokenizer_config.json").write_text('{"mask_token": 3}', encoding="utf-8")
    here, there = examine(folder), Examination(folder).verdict()
    assert here == there
    assert isinstance(there, Verdict)
    assert there.notes != ()


def test_the_child_gives_the_same_refusal(folder: Path) -> None:
    """Code and sentence are the child's own."""
    (folder / "config.json").write_bytes(b"[]")
    with pytest.raises(CheckpointError) as caught:
        Examination(folder).verdict()
    assert caught.value.code == "CONFIG_UNREADABLE" == refusal(folder)


def test_the_child_takes_a_relative_folder_and_distrusts_its_working_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules that lie in the working directory are not imported in place of the real ones."""
    for name in ("json", "tokenizers", "attnviz", "argparse"):
        (folder.parent / f"{name}.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    monkeypatch.chdir(folder.parent)
    assert Examination(Path("picked")).verdict().folder == str(folder.resolve())


def test_a_crash_of_the_child_is_a_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that dies of a signal costs one sentence."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr("attnviz.models.gate.examination._START", code)
    with pytest.raises(CheckpointError, match="SIGKILL") as caught:
        Examination(folder).verdict()
    assert caught.value.code == "GATE_CRASHED"


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", '{"verdict": {}}', '{"refused": {}}', '{"verdict": 3}', "null", "[" * 5000]
)
def test_a_garbled_answer_is_a_crash(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Nothing but what we write ourselves is believed."""
    monkeypatch.setattr("attnviz.models.gate.examination._START", f"print({answer!r})")
    with pytest.raises(CheckpointError) as caught:
        Examination(folder).verdict()
    assert caught.value.code == "GATE_CRASHED"


def test_a_child_that_takes_too_long_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the timeout the child is gone and the answer is typed."""
    monkeypatch.setattr("attnviz.models.gate.examination._START", "import time; time.sleep(60)")
    examination = Examination(folder)
    with pytest.raises(CheckpointError) as caught:
        examination.verdict(timeout=0.2)
    assert caught.value.code == "GATE_TIMEOUT"
    assert examination._process is not None
    assert examination._process.poll() is not None


def test_a_cancelled_examination_leaves_no_process(folder: Path) -> None:
    """Cancelling twice is as good as once, and a later question gets a typed answer."""
    examination = Examination(folder)
    examination.cancel()
    examination.cancel()
    with pytest.raises(CheckpointError) as caught:
        examination.verdict()
    assert caught.value.code == "GATE_CANCELLED"
    assert examination._process is not None
    assert examination._process.poll() is not None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process from taking address space")
def test_a_child_that_eats_memory_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child limits itself, and running into the limit is a typed answer."""
    start = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "import attnviz.models.gate as gate, attnviz.models.gate.__main__ as child\n"
        "gate.examine = lambda *a, **k: bytearray(3 * 2**30)\n"
        "child.main(sys.argv[1:])"
    )
    monkeypatch.setattr("attnviz.models.gate.examination._START", start)
    with pytest.raises(CheckpointError) as caught:
        Examination(folder).verdict()
    assert caught.value.code == "GATE_MEMORY"


def test_the_gate_runs_as_a_module_without_torch_or_qt(folder: Path) -> None:
    """It starts in a fraction of a second because nothing heavy is imported."""
    code = (
        "import sys; from pathlib import Path; from attnviz.models.gate import examine; "
        f"examine(Path({str(folder)!r})); print({{'torch', 'PySide6', 'transformers', 'numpy'}} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert run.stdout.strip() == "set()"


def test_an_early_examination_that_nobody_asks_for_is_stopped(folder: Path) -> None:
    """Another folder is opened first: the child that was begun for the default doesn't wait in its pipe for ever."""
    early = Examination(folder)
    library = Library({Reference("/not/asked/for"): early})
    library.open(Reference(str(folder)))
    assert early._process.poll() is not None
    with pytest.raises(CheckpointError) as caught:
        early.verdict()
    assert caught.value.code == "GATE_CANCELLED"
