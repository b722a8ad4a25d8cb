"""A small RoBERTa (Liu et al. 2019): bytes as alphabet, masks drawn anew every time, blocks of running text, no next sentence.

``python -m checkpoints.recipes.roberta --data english-text.tar.xz`` learns the byte-level BPE with attnviz's own learner,
then trains from random weights, but for positions that are waves and first heads that look at a token's neighbours.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from tokenizers import Tokenizer
from torch import Tensor

from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.models.bert import Bert
from attnviz.models.config import BertConfig
from attnviz.trace import Learned
from checkpoints.recipes import options
from checkpoints.recipes.encoder_folder import initialise, write_encoder
from checkpoints.recipes.english import Sources, encoded, one_round, read, split
from checkpoints.recipes.loop import Plan, build, learn
from checkpoints.recipes.masks import Masked, mask
from checkpoints.recipes.neighbours import with_neighbours

NAME = "roberta-l4-h128-en"
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
BEGIN, PAD, END, _ = range(4)
VOCABULARY = 4096
CORPUS = 6_000_000  # characters that the tokenizer is learned from
LENGTHS = (24, 48, 96, 128)
PLAN = Plan(steps=9_000, batch_tokens=3072, rate=1.5e-3, warm_up=400, bfloat16=True, report_every=100, save_every=500)


def tokenizer(training: Sources, size: int) -> Tokenizer:
    """Byte-level BPE with RoBERTa's special pieces around: ``<s> text </s>``, ``<s> A </s></s> B </s>``."""
    draw = random.Random(1)
    texts = {name: list(texts) for name, texts in training.items()}
    sample, length = [], 0
    for name, number in one_round(texts, draw):
        if length > CORPUS:
            break
        sample.append(f" {texts[name][number]}")
        length += len(sample[-1])
    job = LearnBpe("\n".join(sample), merges=size - 256 - len(SPECIAL) - 1, alphabet="bytes")
    learned = next(record for record in job.run(None) if isinstance(record, Learned))
    return Tokenizer.from_str(json.dumps(_framed(json.loads(learned.json))))


def _framed(whole: dict[str, Any]) -> dict[str, Any]:
    """The learned tokenizer with the special pieces at RoBERTa's ids, the mask last, and its template."""
    model = whole["model"]
    pieces = [*SPECIAL, *sorted(model["vocab"], key=model["vocab"].get), "<mask>"]
    ids = {piece: number for number, piece in enumerate(pieces)}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [
        {"id": ids[piece], "content": piece, **plain, "lstrip": piece == "<mask>"} for piece in (*SPECIAL, "<mask>")
    ]
    template = {
        "type": "RobertaProcessing",
        "sep": ["</s>", END],
        "cls": ["<s>", BEGIN],
        "trim_offsets": True,
        "add_prefix_space": False,
    }
    cut = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        **whole,
        "added_tokens": added,
        "pre_tokenizer": cut,
        "post_processor": template,
        "model": {**model, "vocab": ids, "unk_token": "<unk>"},
    }


def blocks(ids: Mapping[str, Sequence[Sequence[int]]], plan: Plan, skip: int = 0) -> Iterator[Tensor]:
    """Endless batches (rows, tokens) of running text, ``<s> … </s> … </s>`` cut at one of ``LENGTHS``; ``skip`` are passed over."""
    number = 0
    waiting: list[int] = []
    for epoch in range(1_000_000):
        draw = random.Random(f"{plan.seed}/{epoch}")
        for name, place in one_round(ids, draw):
            waiting += [*ids[name][place], END]
            if len(waiting) < 4 * plan.batch_tokens:
                continue
            length = draw.choice(LENGTHS)
            rows = plan.batch_tokens // length
            used = rows * (length - 1)
            text, waiting = waiting[:used], waiting[used:]
            number += 1
            if number > skip:
                body = torch.tensor(text).view(rows, length - 1)
                yield torch.cat([torch.full((rows, 1), BEGIN), body], 1)  # (rows, tokens)


def masked(ids: Tensor, mask_id: int, draws: torch.Generator | None = None, *, all_masked: bool = False) -> Masked:
    shares = (1.0, 0.0) if all_masked else (0.8, 0.1)
    generator = draws or torch.default_generator
    return mask(ids, (ids != BEGIN) & (ids != END), mask_id, (len(SPECIAL), mask_id), generator, shares)


def loss_of(model: Bert, batch: Masked, plan: Plan) -> Tensor:
    """Cross-entropy at the chosen positions, in nats."""
    with torch.autocast("cpu", torch.bfloat16, enabled=plan.bfloat16):
        states = model(batch.ids)  # (rows, tokens, hidden)
        logits = model.word_logits(states[batch.rows, batch.columns])  # (chosen, vocabulary)
    return F.cross_entropy(logits.float(), batch.wanted)


@torch.inference_mode()
def judge(model: Bert, held_out: Sequence[Tensor], mask_id: int) -> dict[str, float]:
    """Accuracy and cross-entropy at [MASK] positions of held-out text, in float32."""
    draws = torch.Generator().manual_seed(0)
    right = best_five = total = 0
    nats = 0.0
    for ids in held_out:
        batch = masked(ids, mask_id, draws, all_masked=True)
        logits = model.word_logits(model(batch.ids)[batch.rows, batch.columns])
        nats += float(F.cross_entropy(logits, batch.wanted, reduction="sum"))
        five = logits.topk(5, -1).indices == batch.wanted[:, None]
        right, best_five = right + int(five[:, 0].sum()), best_five + int(five.sum())
        total += len(batch.wanted)
    return {"top_1": right / total, "top_5": best_five / total, "nats": nats / total, "positions": total}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a .tar.xz of text files, or a text; a passage a line")
    chosen = parser.parse_args(arguments)
    plan = options.plan(chosen, PLAN)
    run = options.run(chosen, NAME)
    training, held_out = split(read(chosen.data))
    if not held_out or not any(training.values()):
        raise SystemExit(f"{chosen.data} holds too few passages to hold some out; give a larger text.")
    cutter = _tokenizer(run, training, 320 if chosen.smoke else VOCABULARY)
    mask_id = cutter.get_vocab()["<mask>"]
    size = cutter.get_vocab_size()
    config = BertConfig(
        size, 128, 4, 4, 512, 514, 1, padding=PAD, kind="roberta", first_position=PAD + 1, head_activation="gelu",
        norm_epsilon=1e-5,
    )  # fmt: skip
    short = Plan(plan.steps, batch_tokens=512)
    judged = _first(blocks(encoded({"held out": held_out}, cutter), short), 8 if chosen.smoke else 60)
    ids = encoded(training, cutter)
    torch.manual_seed(plan.seed)
    model = learn(
        build(lambda: with_neighbours(initialise(Bert(config, pooler=False, nsp=False))), plan),
        lambda done: (masked(batch, mask_id) for batch in blocks(ids, plan, done)),
        lambda model, batch: (loss_of(model, batch, plan), batch.ids.numel()),
        plan,
        run,
        lambda model: judge(model, judged, mask_id),
    )
    print(f"held-out passages: {judge(model, judged, mask_id)}")
    write_encoder(options.folder(chosen, NAME), model, cutter, "RobertaForMaskedLM")


def _tokenizer(run: Path, training: Sources, size: int) -> Tokenizer:
    """Learned once a run."""
    path = run / "tokenizer.json"
    if not path.exists():
        run.mkdir(parents=True, exist_ok=True)
        path.write_text(tokenizer(training, size).to_str(), encoding="utf-8")
    return Tokenizer.from_file(str(path))


def _first(batches: Iterator[Tensor], count: int) -> list[Tensor]:
    return [batch for batch, _ in zip(batches, range(count), strict=False)]


if __name__ == "__main__":
    main()
