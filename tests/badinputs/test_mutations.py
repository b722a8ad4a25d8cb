"""Seeded damage to good files: whatever comes of it, the answer is a verdict or a typed refusal, never a crash."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from attnviz.errors import LONGEST_SENTENCE, CheckpointError
from attnviz.models.families import parse_config
from attnviz.models.gate import examine
from attnviz.models.gate.pickle_archive import read_archive
from attnviz.models.gate.pickle_program import run
from attnviz.models.gate.safetensors_header import read_header
from attnviz.text.tokenizer_file import sanitise
from tests.badinputs import pickle_files, valid
from tests.badinputs.pickle_files import program, tensor

COUNT = 700
TOKENS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"null",
    b"-1",
    b"1e9",
    b"0",
    b"\x00",
    b"\xff",
    b"\\ud800",
    b"99999999999",
)


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """Some bytes flipped, inserted, removed, repeated, or the end cut off."""
    found = bytearray(raw)
    for _ in range(dice.choice((1, 1, 2, 5))):
        place = dice.randrange(len(found) + 1) if dice.random() < 0.5 else dice.randrange(min(len(found), 3000) + 1)
        match dice.randrange(6):
            case 0:
                found[place : place + 1] = bytes([dice.randrange(256)])
            case 1:
                found[place:place] = dice.choice(TOKENS)
            case 2:
                del found[place : place + dice.choice((1, 4, 100))]
            case 3:
                found[place:place] = found[place : place + dice.choice((1, 8, 300))]
            case 4:
                found[place : place + 1] = dice.choice(TOKENS)
            case _:
                if dice.random() < 0.1:
                    del found[place:]
    return bytes(found)


def answers(ask: Callable[[bytes], object], raw: bytes, seed: int, count: int = COUNT) -> tuple[int, int]:
    """How many mutations were taken and refused; anything but a CheckpointError fails the test."""
    dice = random.Random(seed)
    sentences: set[str] = set()
    taken = refused = 0
    for number in range(count):
        damaged = mutated(raw, dice)
        try:
            ask(damaged)
            taken += 1
        except CheckpointError as error:
            refused += 1
            sentences.add(error.sentence)
        except BaseException as error:  # a panic of the Rust library is no Exception
            raise AssertionError(f"mutation {number} of seed {seed} raised {error!r}") from error
    assert all(len(sentence) <= LONGEST_SENTENCE and sentence.isprintable() for sentence in sentences)
    return taken, refused


def test_s18_damaged_safetensors_headers_get_typed_answers(tmp_path: Path) -> None:
    """Mutations of a whole safetensors file end in a header that fits the file, or in a refusal."""
    raw = (valid.write_bert_folder(tmp_path) / "model.safetensors").read_bytes()
    _, refused = answers(lambda found: read_header(io.BytesIO(found), len(found), "model.safetensors"), raw, 18)
    assert refused > COUNT / 2


def test_p15_damaged_archives_get_typed_answers(tmp_path: Path) -> None:
    """A flipped bit anywhere in a PyTorch file is noticed, most often by its checksum."""
    pickle_files.saved(lambda canary: pickle_files.state())(valid.write_bert_folder(tmp_path))
    raw = (tmp_path / "pytorch_model.bin").read_bytes()
    _, refused = answers(lambda found: read_archive(io.BytesIO(found), len(found), "pytorch_model.bin"), raw, 15)
    assert refused > COUNT / 2


def test_p15_torch_reads_the_same_numbers_from_whatever_is_let_through(tmp_path: Path) -> None:
    """Two readers of one damaged zip could see different files; where ours says yes, torch finds the original numbers."""
    pickle_files.saved(lambda canary: pickle_files.state())(valid.write_bert_folder(tmp_path))
    raw, original = (tmp_path / "pytorch_model.bin").read_bytes(), pickle_files.state()

    def ask(found: bytes) -> None:
        names = read_archive(io.BytesIO(found), len(found), "pytorch_model.bin")
        try:
            loaded = torch.load(io.BytesIO(found), weights_only=True)
        except RuntimeError:  # refused by torch is as good as refused by us
            return
        assert loaded.keys() == names.keys()
        assert all(torch.equal(tensor, original[name]) for name, tensor in loaded.items() if name in original)

    taken, _ = answers(ask, raw, 7, 3 * COUNT)
    assert taken > COUNT / 10


def test_p15_damaged_programs_get_typed_answers() -> None:
    """Mutated opcodes are followed to a state dict or refused, without the archive's checksum to help."""
    raw = program({name: tensor(pickle_files.Storage(str(number))) for number, name in enumerate("abcdef")})
    _, refused = answers(lambda found: run(found, "pytorch_model.bin"), raw, 16, 4 * COUNT)
    assert refused > COUNT


def test_damaged_configurations_get_typed_answers(tmp_path: Path) -> None:
    """Mutations of config.json end in a configuration within its ranges, or in a refusal."""
    raw = (valid.write_bert_folder(tmp_path) / "config.json").read_bytes()
    _, refused = answers(parse_config, raw, 3, 4 * COUNT)
    assert refused > COUNT


@pytest.mark.filterwarnings("ignore")
def test_t14_damaged_tokenizers_get_typed_answers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Mutations of tokenizer.json end in a tokenizer that reads text, or in a refusal; panics are refusals."""
    raw = (valid.write_bert_folder(tmp_path) / "tokenizer.json").read_bytes()
    _, refused = answers(sanitise, raw, 14)
    assert refused > COUNT / 2


def test_damaged_folders_get_typed_answers(tmp_path: Path) -> None:
    """One mutated file in an otherwise good folder is answered by the gate as a whole."""
    folder = valid.write_bert_folder(tmp_path)
    for seed, name in enumerate(("config.json", "tokenizer.json", "model.safetensors")):
        path = folder / name
        raw = path.read_bytes()
        answers(lambda found, path=path: (path.write_bytes(found), examine(folder)), raw, seed, 60)  # type: ignore[misc]
        path.write_bytes(raw)
