"""The recipe of the next-sentence head: its pairs, what it leaves alone, and that it goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from attnviz.models.library import Library
from attnviz.models.reference import Reference
from checkpoints.recipes import next_sentence, pairs
from checkpoints.recipes.loop import Plan
from checkpoints.recipes.pairs import Document, Example, Kind
from tests.badinputs.valid import tokenizer_json, write_bert_folder
from tests.windows import strong_folder

LEARNED = {
    "bert.pooler.dense.weight",
    "bert.pooler.dense.bias",
    "cls.seq_relationship.weight",
    "cls.seq_relationship.bias",
}


def lines(count: int) -> list[str]:
    """Passages of four sentences each; none occurs twice."""
    return [" ".join(f"The cat {number} sat on mat {place}." for place in range(4)) for number in range(count)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(lines(9_000)), encoding="utf-8")
    return path


def documents(count: int = 40) -> list[Document]:
    return pairs.documents({"one": lines(50 * count), "two": lines(50 * count)[::-1]})["train"]


def test_it_runs_from_a_text_to_a_folder_that_opens(tmp_path: Path, data: Path) -> None:
    """Pooler and head are others, every other tensor is the same to the bit; the log has the held-out figures."""
    start = strong_folder(tmp_path / "start")
    words = ["--smoke", "--data", str(data), "--start", str(start), "--runs", str(tmp_path / "runs")]
    next_sentence.main(words)
    run = tmp_path / "runs" / "smoke-bert-l6-h384-en-pairs"
    folder = tmp_path / "runs" / "smoke-bert-l6-h384-en" / "folder"
    before, after = load_file(start / "model.safetensors"), load_file(folder / "model.safetensors")
    assert before.keys() == after.keys()
    assert {name for name in before if not torch.equal(before[name], after[name])} == LEARNED
    assert Library().encoder(Reference(str(folder), "cpu")).report.can_judge_pairs
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log] == [5, 10, 15, 20]
    assert {str(Kind.NEXT), f"next + {Kind.ANY}", f"next + {Kind.ALIKE}"} <= log[-1].keys()


def test_states_that_were_read_are_not_read_again(tmp_path: Path) -> None:
    """An interrupted reading goes on behind what it saved, and ends with what one without interruption has."""
    model = Library().encoder(Reference(str(strong_folder(tmp_path / "tiny")), "cpu")).model
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json()))
    drawn = pairs.pairs(documents(), 12, seed=1)
    whole = next_sentence.read_states(model, drawn, tokenizer, bfloat16=False)
    path = tmp_path / "kept.pt"
    torch.save(torch.full((5, model.config.hidden), 7.0), path)
    found = next_sentence.kept_states(model, drawn, tokenizer, path, Plan(steps=1))
    assert (found[:5] == 7).all()
    assert torch.allclose(found[5:], whole[5:], atol=1e-5)
    assert torch.equal(torch.load(path, weights_only=True), found)


def test_states_are_those_of_each_pair_alone(tmp_path: Path) -> None:
    """Padding and company change nothing."""
    model = Library().encoder(Reference(str(strong_folder(tmp_path / "tiny")), "cpu")).model
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json()))
    drawn = [Example("the cat", "a dog", Kind.NEXT, "one"), *pairs.pairs(documents(), 6, seed=2)]
    together = next_sentence.read_states(model, drawn, tokenizer, bfloat16=False)
    for pair, state in zip(drawn, together, strict=True):
        encoded = tokenizer.encode(pair.first, pair.second)
        if len(encoded.ids) <= 64:
            with torch.inference_mode():
                alone = model(torch.tensor([encoded.ids]), torch.tensor([encoded.type_ids]))[0, 0]
            assert torch.allclose(state, alone, atol=1e-5)


def test_pairs_come_in_turn_and_are_what_they_say() -> None:
    """Neighbours stand beside each other in a passage; strangers come from another document, of the source where that is said."""
    found = documents()
    drawn = pairs.pairs(found, 400, seed=1)
    assert [pair.kind for pair in drawn[:4]] == [Kind.NEXT, Kind.NEXT, Kind.ANY, Kind.ALIKE]
    passages = {(one.source, " ".join(passage)): one for one in found for passage in one.passages}
    for pair in drawn:
        own = [one for (source, text), one in passages.items() if source == pair.source and pair.first in text]
        joined = any(f"{pair.first} {pair.second}" in text for (source, text) in passages if source == pair.source)
        assert joined is pair.kind.follows
        if pair.kind is Kind.ALIKE:
            others = [one for (source, text), one in passages.items() if source == pair.source and pair.second in text]
            assert others
            assert not set(map(id, own)) & set(map(id, others))
    assert drawn == pairs.pairs(found, 400, seed=1)
    assert drawn != pairs.pairs(found, 400, seed=2)


def test_no_document_is_in_two_parts() -> None:
    """And every line is in one."""
    parts = pairs.documents({"one": lines(9_000)})
    texts = {part: {passage for one in found for passage in one.passages} for part, found in parts.items()}
    assert sum(map(len, texts.values())) == len(set.union(*texts.values())) == 9_000
    assert all(texts.values())


def test_a_long_pair_loses_its_outer_ends() -> None:
    """What stands beside the middle stays: the end of the first, the beginning of the second."""
    tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json()))
    pair = Example("it " + "the cat " * 100, "a dog " * 100 + "it", Kind.NEXT, "one")
    rows = pairs.batch([pair, pair.swapped], tokenizer)
    kept = tokenizer.decode(rows.ids[0].tolist(), skip_special_tokens=True)
    assert rows.ids.shape[1] == pairs.LONGEST
    assert "it" not in kept.split()
    assert int(rows.segments[0].sum()) == pytest.approx(pairs.LONGEST / 2, abs=2)
    assert pair.swapped.swapped.first == pair.first


def test_a_text_too_small_to_hold_out_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Before anything is read."""
    (tmp_path / "one.txt").write_text("The cat sat down. The dog did too.\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="too few documents"):
        next_sentence.main(["--data", str(tmp_path / "one.txt"), "--smoke", "--runs", str(tmp_path)])


def test_a_start_without_the_head_is_refused_in_a_sentence(tmp_path: Path, data: Path) -> None:
    """There is nothing to train further."""
    bare = write_bert_folder(tmp_path / "bare", heads=False)
    words = ["--smoke", "--data", str(data), "--start", str(bare), "--runs", str(tmp_path / "runs")]
    with pytest.raises(SystemExit, match="no next-sentence head"):
        next_sentence.main(words)


def test_sources_are_mixed_by_their_shares() -> None:
    """A source that training passes through twice counts twice as much as one of as many pairs that it passes through once."""
    names = (f"next + {Kind.ANY}", f"next + {Kind.ALIKE}")
    found = next_sentence.mixed(
        {
            "wiki_vital": {names[0]: 0.9, names[1]: 0.8, "pairs": 10},
            "other": {names[0]: 0.6, names[1]: 0.5, "pairs": 10},
        }
    )
    assert found == pytest.approx({names[0]: 0.8, names[1]: 0.7})
