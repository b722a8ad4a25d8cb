"""The job behind ``attnviz mask``: what it yields and that it needs no masked-word head."""

from __future__ import annotations

import pickle
from pathlib import Path

from attnviz.jobs.mask_text import MaskText
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.masking import choose
from attnviz.trace import Masking, Notice, Sampled, Tokens, Treatment
from tests.badinputs.valid import write_bert_folder
from tests.records import run


def test_tokens_come_first_and_what_is_shown_has_its_names(tmp_path: Path) -> None:
    """A checkpoint without heads: the choice of the sampler, with pieces by their names."""
    reference = Reference(str(write_bert_folder(tmp_path / "headless", heads=False)))
    library, masking = Library(), Masking(1, (0.4, 0.3, 0.3))
    job = MaskText(reference, "the cat sat on a mat 0 1 2 3", None, masking, seed=5, epoch=2)
    trace = run(library, pickle.loads(pickle.dumps(job)))
    tokens, sampled = trace.tokens(), trace.find(Sampled)
    codec = library.encoder(reference).codec
    assert [type(record) for record in trace.records.values()] == [Tokens, Sampled]
    assert sampled.chosen == choose(tokens, masking, 5, codec.vocabulary, 2)
    assert sampled.shown == tuple(codec.piece(one.shown) for one in sampled.chosen)
    assert (sampled.masking, sampled.seed, sampled.epoch, sampled.candidates) == (masking, 5, 2, len(tokens) - 2)
    assert sum(map(sampled.count, Treatment)) == len(sampled.chosen) == sampled.candidates


def test_a_cut_text_is_said(tmp_path: Path) -> None:
    """More tokens than positions."""
    reference = Reference(str(write_bert_folder(tmp_path / "tiny")))
    trace = run(Library(), MaskText(reference, "the cat " * 100))
    assert trace.find(Notice, "truncated") is not None
    assert trace.find(Sampled).candidates == 62
