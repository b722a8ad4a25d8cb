"""The shipped BERT's next-sentence head, trained further on what its encoder says: does the second sentence follow the first?

``python -m checkpoints.recipes.next_sentence --data english-text.tar.xz``: the encoder and the masked-word head stay as they
are, bit for bit. So each pair is read once, the last state of its ``[CLS]`` is kept, and the pooler and the two logits learn
from those.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from attnviz.models.bert import Bert
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from checkpoints.recipes import options
from checkpoints.recipes.english import SHARES, read
from checkpoints.recipes.folder import READABLE
from checkpoints.recipes.loop import Plan, learn
from checkpoints.recipes.pairs import LONGEST, Batch, Example, Kind, batch, documents, pairs, shares

NAME = "bert-l6-h384-en"
START = options.HERE.parent / NAME
COUNTS = {"valid": (4_000, 1), "test": (8_000, 2), "train": (80_000, 3)}  # pairs, and the seed that draws them
SMOKE = {"valid": (80, 1), "test": (80, 2), "train": (240, 3)}
AT_ONCE = 4_000  # pairs that are read before what was found is saved
TOKENS = 4_096  # a batch, while reading
ROWS = 512  # a batch, while learning
WEIGHTS = {Kind.NEXT: 0.75, Kind.ANY: 1.0, Kind.ALIKE: 0.5}  # both answers weigh the same in the loss
PLAN = Plan(steps=1_250, rate=1e-3, warm_up=50, bfloat16=True, report_every=50, save_every=250)
Rows = tuple[Tensor, Tensor, Tensor]  # states (rows, hidden), whether the second follows (rows,), weights (rows,)


class Head(nn.Module):
    """Pooler and classifier, on states of ``[CLS]`` that are already there."""

    def __init__(self, model: Bert) -> None:
        super().__init__()
        if model.pooler is None or model.nsp is None:
            raise SystemExit("The start has no next-sentence head, so there is nothing to train further.")
        self.dense, self.classifier = model.pooler.dense, model.nsp.classifier
        self.requires_grad_()

    def forward(self, states: Tensor) -> Tensor:
        logits: Tensor = self.classifier(torch.tanh(self.dense(states)))
        return logits  # (rows, 2), index 0 for "follows"


@torch.inference_mode()
def read_states(model: Bert, chosen: Sequence[Example], tokenizer: Tokenizer, *, bfloat16: bool) -> Tensor:
    """The last state of ``[CLS]`` of every pair, (pairs, hidden)."""
    states = torch.zeros(len(chosen), model.config.hidden)
    for places, rows in _by_length(chosen, tokenizer, min(LONGEST, model.config.longest)):
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            states[places] = model(rows.ids, rows.segments, rows.present)[:, 0].float()
    return states


def _by_length(chosen: Sequence[Example], tokenizer: Tokenizer, most: int) -> Iterator[tuple[list[int], Batch]]:
    order = sorted(range(len(chosen)), key=lambda place: len(chosen[place].first) + len(chosen[place].second))
    while order:
        longest = batch([chosen[order[-1]]], tokenizer, most).ids.shape[1]
        count = max(1, TOKENS // longest)
        places, order = order[-count:], order[:-count]
        yield places, batch([chosen[place] for place in places], tokenizer, most)


def kept_states(model: Bert, chosen: Sequence[Example], tokenizer: Tokenizer, path: Path, plan: Plan) -> Tensor:
    """The same, from where an interrupted reading stopped."""
    torch.set_num_threads(plan.threads)
    path.parent.mkdir(parents=True, exist_ok=True)
    states = torch.load(path, weights_only=True) if path.exists() else torch.zeros(0, model.config.hidden)
    while len(states) < len(chosen):
        some = chosen[len(states) : len(states) + AT_ONCE]
        states = torch.cat([states, read_states(model, some, tokenizer, bfloat16=plan.bfloat16)])
        torch.save(states, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)
        print(f"{path.stem}: {len(states):,} of {len(chosen):,} pairs read", flush=True)
    return states


def stream(states: Tensor, chosen: Sequence[Example], plan: Plan, done: int) -> Iterator[Rows]:
    """Endless batches, every pair once a round; the first ``done`` are passed over."""
    follows = torch.tensor([pair.kind.follows for pair in chosen])
    weights = torch.tensor([WEIGHTS[pair.kind] for pair in chosen])
    number = 0
    for epoch in range(1_000_000):
        order = list(range(len(chosen)))
        random.Random(f"{plan.seed}/{epoch}").shuffle(order)
        for start in range(0, len(order), ROWS):
            number += 1
            if number > done:
                rows = torch.tensor(order[start : start + ROWS])
                yield states[rows], follows[rows], weights[rows]


def loss_of(head: Head, rows: Rows) -> tuple[Tensor, int]:
    """Cross-entropy, weighted by kind; counts pairs where other recipes count tokens."""
    states, follows, weights = rows
    each = F.cross_entropy(head(states), (~follows).long(), reduction="none")  # (rows,)
    return (each * weights).mean(), len(each)


@torch.inference_mode()
def judge(head: Head, states: Tensor, chosen: Sequence[Example]) -> dict[str, float]:
    """The share judged rightly of every kind; and of true pairs and strangers half and half."""
    said = head(states).argmax(-1) == 0  # (pairs,)
    right = [bool(follows) == pair.kind.follows for follows, pair in zip(said.tolist(), chosen, strict=True)]
    found = {str(kind): share for kind, share in shares(chosen, right).items()}
    if Kind.NEXT not in found:
        return found
    return found | {f"next + {kind}": (found[Kind.NEXT] + found[kind]) / 2 for kind in found if kind != Kind.NEXT}


def by_source(head: Head, states: Tensor, chosen: Sequence[Example]) -> dict[str, dict[str, float]]:
    """The same for each source."""
    found = {}
    for source in sorted({pair.source for pair in chosen}):
        places = [place for place, pair in enumerate(chosen) if pair.source == source]
        found[source] = judge(head, states[places], [chosen[place] for place in places]) | {"pairs": len(places)}
    return found


def mixed(sources: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Half and half, each source by its share in BERT's own training times its pairs."""
    found = {}
    for name in (f"next + {Kind.ANY}", f"next + {Kind.ALIKE}"):
        known = {source: figures for source, figures in sources.items() if name in figures}
        weights = {source: SHARES.get(source, 1.0) * figures["pairs"] for source, figures in known.items()}
        found[name] = sum(weights[source] * known[source][name] for source in known) / sum(weights.values())
    return found


def write(folder: Path, head: Head, start: Path) -> None:
    """The start's folder with four tensors in the place of its own; the others are the same to the bit."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = load_file(start / "model.safetensors")
    places = {"bert.pooler.dense": head.dense, "cls.seq_relationship": head.classifier}
    for name, layer in places.items():
        for part, tensor in layer.state_dict().items():
            weights[f"{name}.{part}"] = tensor.to(weights[f"{name}.{part}"].dtype).contiguous()
    for part in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if (start / part).exists() and folder.resolve() != start.resolve():
            (folder / part).write_bytes((start / part).read_bytes())
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(READABLE)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a .tar.xz of text files, or a text; a passage a line")
    parser.add_argument(
        "--start", type=Path, default=START, help="the folder of the BERT whose head is trained further"
    )
    chosen = parser.parse_args(arguments)
    plan, run = options.plan(chosen, PLAN), options.run(chosen, f"{NAME}-pairs")
    parts = documents(read(chosen.data))
    if min(map(len, parts.values())) < 2:
        raise SystemExit(f"{chosen.data} holds too few documents to hold some out; give a larger text.")
    opened = Library().encoder(Reference(str(chosen.start), "cpu"))
    head, tokenizer = Head(opened.model), Tokenizer.from_str(opened.codec.spec.json)
    counts = SMOKE if chosen.smoke else COUNTS
    drawn = {part: pairs(parts[part], *counts[part]) for part in counts}
    drawn["swapped"] = [pair.swapped for pair in drawn["test"] if pair.kind is Kind.NEXT][::2]
    states = {
        part: kept_states(opened.model, some, tokenizer, run / f"{part}.pt", plan) for part, some in drawn.items()
    }
    torch.manual_seed(plan.seed)
    learn(
        head,
        lambda done: stream(states["train"], drawn["train"], plan, done),
        loss_of,
        plan,
        run,
        lambda head: judge(head, states["valid"], drawn["valid"]),
    )
    sources = by_source(head, states["test"], drawn["test"])
    found = {
        "held-out documents": judge(head, states["test"], drawn["test"]),
        "in the shares of BERT's training": mixed(sources),
        "swapped neighbours refused": judge(head, states["swapped"], drawn["swapped"]),
        **sources,
    }
    print(json.dumps(found, indent=1))
    (run / "figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    write(options.folder(chosen, NAME), head, chosen.start)


if __name__ == "__main__":
    main()
