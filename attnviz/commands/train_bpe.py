"""``attnviz train-bpe``: learn byte-pair encoding on a file, with its whole history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.commands.run import drain, print_json
from attnviz.errors import printable
from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.text.bpe_file import merges_table
from attnviz.text.plain_file import LARGEST, read_text
from attnviz.text.pretokens import ALPHABETS, PRE_TOKENIZERS
from attnviz.text.readable import spelling
from attnviz.trace import Curves, Learned, Merges

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.trace import Merge, Trace

NAME = "train-bpe"
HELP = "learn byte-pair encoding on a text file, merge by merge"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a text file, UTF-8")
    parser.add_argument("--merges", type=int, required=True, metavar="N", help="how many merges to learn")
    parser.add_argument("--alphabet", choices=ALPHABETS, default="chars", help="what to begin with (default: chars)")
    parser.add_argument(
        "--pre-tokenizer", choices=PRE_TOKENIZERS, default="", help="where merges stop (default: words; gpt2 for bytes)"
    )
    parser.add_argument("--cut", action="store_true", help=f"read only the first {LARGEST >> 20} MiB of a larger file")
    parser.add_argument("--json", action="store_true", help="a JSON object")
    parser.add_argument(
        "--out", metavar="FILE", help="save as tokenizer.json; with the ending .csv the table of merges"
    )


def run(arguments: Namespace) -> None:
    LearnBpe(" ", arguments.merges, arguments.alphabet, arguments.pre_tokenizer)  # refuses bad settings before reading
    text = read_text(arguments.file, cut=arguments.cut)
    trace = drain(LearnBpe(text, arguments.merges, arguments.alphabet, arguments.pre_tokenizer))
    (result,) = trace.every(Learned)
    merges = [merge for chunk in trace.every(Merges) for merge in chunk.merges]
    if arguments.json:
        print_json(as_json(trace, result, merges))
    else:
        _print(result, merges)
    if arguments.out is not None:
        _save(result, merges, Path(arguments.out))
        if not arguments.json:
            print(f"wrote {printable(arguments.out, 200)}")


def as_json(trace: Trace, result: Learned, merges: list[Merge]) -> dict[str, object]:
    """Plain values; all strings are the vocabulary's own."""
    (curves,) = trace.every(Curves)
    return {
        "alphabet": result.alphabet,
        "pre_tokenizer": result.pre_tokenizer,
        "symbols": len(result.symbols),
        "vocabulary": int(curves.vocabulary[-1]),
        "words": curves.words,
        "tokens": [int(curves.tokens[0]), int(curves.tokens[-1])],
        "merges": [
            {
                "rank": merge.rank,
                "pair": [merge.left, merge.right],
                "count": merge.count,
                "piece": merge.piece,
                "runner_up": merge.runner_up,
                "runner_up_count": merge.runner_up_count,
            }
            for merge in merges
        ],
    }


def _print(result: Learned, merges: list[Merge]) -> None:
    label = spelling(result.alphabet).label
    for merge in merges:
        print(f"{merge.rank:>6}  {merge.count:>8,}  {label(merge.left)} + {label(merge.right)} → {label(merge.piece)}")


def _save(result: Learned, merges: list[Merge], target: Path) -> None:
    from attnviz.export.atomic import write_text  # noqa: PLC0415

    write_text(target, merges_table(merges, result.alphabet).csv() if target.suffix == ".csv" else result.json)
