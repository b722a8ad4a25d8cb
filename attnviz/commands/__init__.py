"""The headless twins of the tabs: each drains one job and prints or writes its records.

A command is a module with ``NAME``, ``HELP``, ``add_arguments`` and ``run``; it is imported when it is asked for.
"""

from __future__ import annotations

COMMANDS = {
    "list": "attnviz.commands.listing",
    "fill-mask": "attnviz.commands.fill_mask",
    "score": "attnviz.commands.score",
    "detect": "attnviz.commands.detect",
    "mask": "attnviz.commands.mask",
    "next-sentence": "attnviz.commands.next_sentence",
    "decode": "attnviz.commands.decode",
    "inspect": "attnviz.commands.inspect",
    "tokenize": "attnviz.commands.tokenize",
    "train-bpe": "attnviz.commands.train_bpe",
    "experiment": "attnviz.commands.experiment",
    "doctor": "attnviz.commands.doctor",
}
