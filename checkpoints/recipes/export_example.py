"""A model of one's own as a folder that attnviz opens: plain torch, safetensors and tokenizers, nothing of attnviz.

``python -m checkpoints.recipes.export_example FOLDER`` trains a tiny model to write words backwards (some seconds) and exports
it; then ``attnviz decode "abcde" --checkpoint FOLDER``. The form of the folder is described in checkpoints/README.md.
"""

from __future__ import annotations

import argparse
import json
import random
import string
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from safetensors.torch import save_file
from torch import Tensor, nn

LETTERS = string.ascii_lowercase
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
PAD, BEGIN, END, _ = range(4)
VOCABULARY = {piece: number for number, piece in enumerate((*SPECIAL, *LETTERS))}
WIDTH, LONGEST = 64, 12


class Backwards(nn.Module):
    """A translator with dot-product attention, with names of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.letters_in = nn.Embedding(len(VOCABULARY), WIDTH)
        self.reader = nn.GRU(WIDTH, WIDTH // 2, batch_first=True, bidirectional=True)
        self.to_writer = nn.Linear(WIDTH, WIDTH)
        self.letters_out = nn.Embedding(len(VOCABULARY), WIDTH)
        self.writer = nn.GRU(WIDTH, WIDTH, batch_first=True)
        self.mix = nn.Linear(2 * WIDTH, WIDTH, bias=False)
        self.bias = nn.Parameter(torch.zeros(len(VOCABULARY)))

    def forward(self, source: Tensor, previous: Tensor) -> Tensor:
        """Logits (batch, steps, vocabulary) for ids ``source`` (batch, source) and ``previous`` (batch, steps)."""
        states, last = self.reader(self.letters_in(source))  # (batch, source, width), (2, batch, width / 2)
        first = torch.tanh(self.to_writer(torch.cat([last[0], last[1]], dim=-1)))  # (batch, width)
        hidden, _ = self.writer(self.letters_out(previous), first[None])  # (batch, steps, width)
        context = (hidden @ states.mT).softmax(-1) @ states  # (batch, steps, width)
        attentional = torch.tanh(self.mix(torch.cat([hidden, context], dim=-1)))  # (batch, steps, width)
        return F.linear(attentional, self.letters_out.weight, self.bias)


NAMES = {"letters_in": "encoder.embedding", "reader": "encoder.recurrence", "to_writer": "encoder.bridge"}
NAMES |= {"letters_out": "embedding", "writer": "recurrence", "mix": "combine", "bias": "output_bias"}


def learn(model: Backwards, steps: int, seed: int = 1) -> None:
    """Words of three to eight random letters, all of a batch equally long."""
    draw = random.Random(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        length = draw.randint(3, 8)
        words = ["".join(draw.choices(LETTERS, k=length)) for _ in range(64)]
        source = torch.tensor([[VOCABULARY[letter] for letter in word] for word in words])
        answer = F.pad(source.flip(1), (0, 1), value=END)  # (batch, length + 1)
        previous = F.pad(source.flip(1), (1, 0), value=BEGIN)  # (batch, length + 1)
        loss = F.cross_entropy(model(source, previous).flatten(0, 1), answer.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def export(model: Backwards, folder: Path) -> None:
    """Three files: sizes, both tokenizers, and the weights under the names that attnviz knows."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model_type": "attnviz-seq2seq",
        "format_version": 1,
        "task": "backwards",
        "recurrence": "gru",
        "attention": "dot",
        "source_vocabulary": len(VOCABULARY),
        "target_vocabulary": len(VOCABULARY),
        "embedding": WIDTH,
        "encoder_width": WIDTH,
        "decoder_width": WIDTH,
        "longest": LONGEST,
        "begin": BEGIN,
        "end": END,
        "padding": PAD,
    }
    signs = {
        "version": "1.0",
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False},
        "decoder": {"type": "Fuse"},
        "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "<unk>"},
    }
    both = {"format_version": 1, "source": signs, "target": signs}
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(both, indent=1) + "\n", encoding="utf-8")
    save_file(
        {_known(name): tensor.half() for name, tensor in model.state_dict().items()}, folder / "model.safetensors"
    )


def _known(name: str) -> str:
    """reader.weight_ih_l0 → encoder.recurrence.weight_ih_l0"""
    part, *rest = name.split(".")
    return ".".join([NAMES[part], *rest])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=1000)
    chosen = parser.parse_args(arguments)
    torch.manual_seed(1)
    model = Backwards()
    learn(model, chosen.steps)
    export(model.eval(), chosen.folder)
    print(f"{chosen.folder}: try the word abcde")


if __name__ == "__main__":
    main()
