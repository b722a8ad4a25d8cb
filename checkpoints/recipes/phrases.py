"""English → French phrases: short pieces of interfaces and package descriptions, from a file of pairs that is given.

``python -m checkpoints.recipes.phrases none|general|transformer --data pairs.tsv.xz``: one pair a line, English, tab, French
(further columns are passed over). The two recurrent models differ in their attention and in nothing else.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import nn

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import ATTENTIONS, Seq2seqConfig
from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig
from checkpoints.recipes import options
from checkpoints.recipes.bleu import corpus_bleu
from checkpoints.recipes.decoding import greedy
from checkpoints.recipes.folder import Model, write
from checkpoints.recipes.training import SPECIAL, UNKNOWN, Pair, Plan, build, train

PLAN = Plan(steps=6_500, dropout=0.3, even=True)
TRANSFORMER_PLAN = Plan(steps=3_000, rate=1.5e-3, warm_up=400, even=True, bfloat16=True)
PIECES = 4000
SIGNS = 120
SOURCE_MOST, TARGET_MOST = 14, 26
SPREAD = 0.1  # of the first embeddings: torch's 1 makes the first logits of a tied output far too sure
Phrases = dict[str, tuple[str, ...]]


def phrases(path: Path) -> Phrases:
    """English → its French renderings, each once, in the order of the file; of an English phrase the first spelling stands."""
    opener = lzma.open if path.suffix == ".xz" else Path.open
    found: dict[str, dict[str, None]] = defaultdict(dict)
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            english, french = (_clean(text) for text in line.rstrip("\n").split("\t")[:2])
            if re.search(r"[A-Za-z]{2}", english) and french and (english + french).isprintable():
                found[english][french] = None
    return {english: tuple(renderings) for english, renderings in found.items()}


def _clean(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\u2019", "'").replace("\xad", "").replace("\u200b", "")
    return " ".join(text.split())


def part_of(english: str) -> str:
    """train, valid (1 %) or test (3 %), by a hash of the letters and digits: "Save As…" and "save as" go together."""
    bare = re.sub(r"[\W_]", "", english.lower())
    number = int(hashlib.sha256(bare.encode()).hexdigest(), 16) % 100
    return "test" if number < 3 else "valid" if number < 4 else "train"


def tokenizer(texts: Iterable[str], pieces: int = PIECES) -> Tokenizer:
    """Byte-pair pieces of words, learned from ``texts``; ▁ stands for the space before a word, signs stand alone."""
    lines = list(texts)
    counts = Counter(sign for line in lines for sign in line)
    usual = set(sorted(counts, key=lambda sign: (-counts[sign], sign))[:SIGNS])
    learning = Tokenizer(models.BPE(unk_token=SPECIAL[UNKNOWN]))
    learning.normalizer = normalizers.NFC()
    learning.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation("isolated")]
    )
    learning.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=pieces, min_frequency=2, special_tokens=list(SPECIAL), show_progress=False)
    # The trainer's own limit_alphabet breaks ties by chance, so the rare signs are taken out here.
    learning.train_from_iterator(("".join(sign for sign in line if sign in usual) for line in lines), trainer)
    # "</s>" typed by a person is four letters and signs, so the special pieces stay in the vocabulary only.
    learned = json.loads(learning.to_str())
    return Tokenizer.from_str(json.dumps({**learned, "added_tokens": []}))


def pairs_of(known: Phrases, part: str, source: Tokenizer, target: Tokenizer) -> list[Pair]:
    """Every pair of a part as ids, where the source has at most 14 pieces and the target no unknown sign."""
    pairs = []
    for english, renderings in known.items():
        if part_of(english) == part:
            before = tuple(source.encode(english).ids)
            for french in renderings:
                after = tuple(target.encode(french).ids)
                if len(before) <= SOURCE_MOST and len(after) <= TARGET_MOST and UNKNOWN not in after:
                    pairs.append((before, after))
    return pairs


def begin(kind: str, english: int, french: int) -> Model:
    """The model before it has learned anything; a recurrent one has embeddings of a tenth of torch's usual size."""
    longest = 2 * TARGET_MOST
    if kind == "transformer":
        sizes = TransformerConfig(english, french, hidden=192, intermediate=768, norm="pre", longest=longest)
        transformer = Transformer(sizes)
        transformer.initialise()
        return transformer
    model = Seq2seq(Seq2seqConfig(kind, english, french, embedding=256, longest=longest))
    for embedding in (model.encoder.embedding, model.embedding):
        nn.init.normal_(embedding.weight, std=SPREAD)
    return model


def translate(model: Model, texts: list[str], source: Tokenizer, target: Tokenizer) -> list[str]:
    """Greedy translations as text."""
    decoded = greedy(model, [tuple(source.encode(text).ids) for text in texts], model.config.longest)
    return [target.decode(list(pieces)) for pieces in decoded]


def held_out(known: Phrases, part: str, source: Tokenizer) -> dict[str, tuple[str, ...]]:
    """The phrases of a part that are short enough for the model, with all their renderings."""
    return {
        english: renderings
        for english, renderings in known.items()
        if part_of(english) == part and len(source.encode(english).ids) <= SOURCE_MOST
    }


def judge(model: Model, chosen: Phrases, source: Tokenizer, target: Tokenizer) -> dict[str, float]:
    """Corpus BLEU-4 and the share of phrases that come out as a rendering of theirs to the letter."""
    answers = translate(model, list(chosen), source, target)
    exact = sum(answer in renderings for answer, renderings in zip(answers, chosen.values(), strict=True))
    return {"bleu": corpus_bleu(answers, list(chosen.values())), "exact": exact / len(chosen)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = options.parser(__doc__)
    parser.add_argument("kind", choices=(*ATTENTIONS, "transformer"), help="the attention, or the Transformer")
    parser.add_argument("--data", type=Path, required=True, help="English, tab, French; a pair a line; may end in .xz")
    chosen = parser.parse_args(arguments)
    name = f"en-fr-{chosen.kind}"
    plan = options.plan(chosen, TRANSFORMER_PLAN if chosen.kind == "transformer" else PLAN)
    run = options.run(chosen, name)
    known = phrases(chosen.data)
    learned = {english: renderings for english, renderings in known.items() if part_of(english) == "train"}
    source = tokenizer(learned)
    target = tokenizer(french for renderings in learned.values() for french in renderings)
    pairs, valid, test = (
        pairs_of(known, "train", source, target),
        held_out(known, "valid", source),
        held_out(known, "test", source),
    )
    if not (pairs and valid and test):
        raise SystemExit(f"{chosen.data} holds too few phrases to train on most and hold some out; give a larger file.")
    print(f"{len(pairs):,} pairs to learn from, {len(valid):,} phrases to check on")
    model = train(
        build(lambda: begin(chosen.kind, source.get_vocab_size(), target.get_vocab_size()), plan),
        pairs,
        plan,
        run,
        lambda model: judge(model, valid, source, target),
    )
    print(f"held-out phrases: {judge(model, test, source, target)}")
    write(options.folder(chosen, name), model, source, target, "phrases")


if __name__ == "__main__":
    main()
