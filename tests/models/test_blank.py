"""Models are built without weights, and without what would take seconds to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from attnviz.models.bert import Bert
from attnviz.models.blank import blank
from attnviz.models.config import BertConfig
from tests.badinputs.valid import write_bert_folder


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A tiny folder that is right in every byte."""
    return write_bert_folder(tmp_path / "good")


def test_building_a_blank_model_initialises_nothing_and_leaves_torch_as_it_was():
    """Weights have no storage, and modules made afterwards are initialised as ever."""
    with blank():
        empty = Bert(BertConfig(vocabulary=10, hidden=8, layers=1, heads=2, intermediate=8, positions=4))
    assert all(parameter.is_meta for parameter in empty.parameters())
    torch.manual_seed(0)
    linear = torch.nn.Linear(4, 4)
    torch.manual_seed(0)
    again = torch.empty(4, 4)
    torch.nn.init.kaiming_uniform_(again, a=5**0.5)
    torch.testing.assert_close(linear.weight.detach(), again)


def test_opening_a_checkpoint_does_not_import_torchs_compiler(good):
    """It takes longer than everything else together, and nothing here compiles."""
    script = f"""
import sys
from attnviz.models.bert import Bert
from attnviz.models.blank import blank
from attnviz.models.config import BertConfig
from attnviz.models.library import Library
from attnviz.models.reference import Reference
Library().open(Reference({str(good)!r}))
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
