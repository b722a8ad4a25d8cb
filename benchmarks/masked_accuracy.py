"""How often a checkpoint guesses a masked word: top-1, top-5 and cross-entropy at ``[MASK]`` positions of given texts.

15 % of the word pieces of every passage are chosen with a seed and all replaced by ``[MASK]``; special tokens never
are. ``--pairs`` measures next-sentence prediction too: true neighbours against sentences from anywhere else.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from attnviz.models import shelf
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Tokens
from benchmarks.passages import Shingles, passages, sentences, texts

SHARE = 0.15
TOP = 5


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Figures of one text. ``commonest`` is what always guessing the text's own commonest piece would score."""

    text: str
    passages: int
    dropped: int
    positions: int
    top1: float
    top5: float
    nats: float
    commonest: float
    pairs: int = 0
    neighbours: float = math.nan

    def row(self) -> str:
        pairs = f"{self.neighbours:.1%} of {self.pairs:,}" if self.pairs else "–"
        figures = f"{self.top1:.1%} | {self.top5:.1%} | {self.nats:.2f} | {self.commonest:.1%} | {pairs}"
        return f"| {self.text} | {self.passages:,} | {self.dropped:,} | {self.positions:,} | {figures} |"


HEAD = (
    "| text | passages | dropped | positions | top-1 | top-5 | cross-entropy (nats) | commonest piece | next sentence |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def main() -> None:
    arguments = _parser().parse_args()
    torch.manual_seed(arguments.seed)
    checkpoint = Library().encoder(Reference(str(shelf.resolve(arguments.checkpoint)), "cpu"))
    trained_on = Shingles(arguments.without)
    print(HEAD)
    found = []
    for name, files in groups(arguments.texts).items():
        every = [passage for file in files for text in texts(file) for passage in passages(text)]
        kept = [passage for passage in every if not trained_on.overlap(passage)]
        chosen = random.Random(arguments.seed).sample(kept, min(arguments.passages, len(kept)))
        accuracy = replace(guess(checkpoint, chosen, arguments.seed), text=name, dropped=len(every) - len(kept))
        if arguments.pairs:
            right, pairs = judge(checkpoint, kept, arguments.pairs, arguments.seed)
            accuracy = replace(accuracy, pairs=pairs, neighbours=right)
        found.append(accuracy)
        print(accuracy.row(), flush=True)
        if arguments.check:
            print(f"largest difference of a logit from transformers: {difference(checkpoint, chosen[:20]):.1e}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps([asdict(accuracy) for accuracy in found], indent=2) + "\n")


@torch.inference_mode()
def guess(checkpoint: Checkpoint, chosen: list[str], seed: int) -> Accuracy:
    """Mask, predict and count."""
    dice = random.Random(seed)
    hits = best = 0
    nats = 0.0
    answers: Counter[int] = Counter()
    pieces: Counter[int] = Counter()
    for passage in chosen:
        tokens = checkpoint.codec.encode(passage, limit=checkpoint.model.config.longest)
        open_places = [place for place, added in enumerate(tokens.special) if not added]
        pieces.update(tokens.ids[place] for place in open_places)
        places = sorted(dice.sample(open_places, max(1, round(SHARE * len(open_places)))))
        logits = _logits(checkpoint, tokens, places)  # (places, vocabulary)
        right = torch.tensor([tokens.ids[place] for place in places])
        ranked = logits.topk(TOP, -1).indices  # (places, TOP)
        hits += int((ranked[:, 0] == right).sum())
        best += int((ranked == right[:, None]).sum())
        nats += float(torch.nn.functional.cross_entropy(logits, right, reduction="sum"))
        answers.update(right.tolist())
    count = sum(answers.values())
    commonest = answers[pieces.most_common(1)[0][0]]
    return Accuracy("", len(chosen), 0, count, hits / count, best / count, nats / count, commonest / count)


def _logits(checkpoint: Checkpoint, tokens: Tokens, places: list[int]) -> torch.Tensor:
    """Word scores (places, vocabulary) with all ``places`` masked at once."""
    ids = torch.tensor([tokens.ids])  # (1, tokens)
    ids[0, places] = checkpoint.codec.mask or 0
    states = checkpoint.model(ids, torch.tensor([tokens.segments]))  # (1, tokens, hidden)
    return checkpoint.model.word_logits(states[0, places])


@torch.inference_mode()
def judge(checkpoint: Checkpoint, kept: list[str], wanted: int, seed: int) -> tuple[float, int]:
    """The share of sentence pairs judged rightly, and their number; half of them are true neighbours."""
    dice = random.Random(seed)
    parts = [found for passage in kept if len(found := [s for s in sentences(passage) if len(s.split()) > 3]) > 1]
    right = 0
    pairs = min(wanted, len(parts)) // 2 * 2
    for number, own in enumerate(dice.sample(parts, pairs)):
        place = dice.randrange(len(own) - 1)
        other = dice.choice(dice.choice([part for part in dice.sample(parts, 2) if part is not own]))
        second = own[place + 1] if number % 2 == 0 else other
        tokens = checkpoint.codec.encode(own[place], second, limit=checkpoint.model.config.longest)
        states = checkpoint.model(torch.tensor([tokens.ids]), torch.tensor([tokens.segments]))
        right += int(checkpoint.model.pair_logits(states).argmax()) == number % 2
    return right / max(pairs, 1), pairs


@torch.inference_mode()
def difference(checkpoint: Checkpoint, chosen: list[str]) -> float:
    """The largest difference of any word or pair logit from what transformers computes on the same ids."""
    from transformers import BertForPreTraining

    theirs = BertForPreTraining.from_pretrained(checkpoint.report.path, dtype=torch.float32).eval()
    largest = 0.0
    for passage in chosen:
        tokens = checkpoint.codec.encode(passage, limit=checkpoint.model.config.longest)
        ids, segments = torch.tensor([tokens.ids]), torch.tensor([tokens.segments])
        states = checkpoint.model(ids, segments)
        answer = theirs(input_ids=ids, token_type_ids=segments)
        words = (checkpoint.model.word_logits(states) - answer.prediction_logits).abs().max()
        pairs = (checkpoint.model.pair_logits(states) - answer.seq_relationship_logits).abs().max()
        largest = max(largest, float(words), float(pairs))
    return largest


def groups(names: list[str]) -> dict[str, list[Path]]:
    """``NAME=`` begins a group of files; a file outside any group stands for itself."""
    groups: dict[str, list[Path]] = {}
    current = ""
    for name in names:
        if name.endswith("="):
            current = name[:-1]
        else:
            groups.setdefault(current or Path(name).name, []).append(Path(name))
    return groups


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.masked_accuracy", description=__doc__)
    parser.add_argument(
        "texts", nargs="+", metavar="TEXT", help="files of passages; NAME= before some makes them one row"
    )
    parser.add_argument("--checkpoint", metavar="C", help="a name from 'attnviz list', or a folder")
    parser.add_argument(
        "--without",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="drop passages that share eight words in a row with this text",
    )
    parser.add_argument(
        "--passages", type=int, default=1000, help="at most so many, drawn with the seed (default: 1000)"
    )
    parser.add_argument("--pairs", type=int, default=0, help="judge so many sentence pairs too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--check", action="store_true", help="compare with transformers on the first 20 passages")
    parser.add_argument("--json", metavar="FILE")
    return parser


if __name__ == "__main__":
    main()
