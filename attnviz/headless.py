"""The main job on a machine without a display: predictions in words, a picture of every tab, and how to get a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import places, settings
from attnviz.commands.fill_mask import print_bars
from attnviz.commands.run import drain
from attnviz.jobs.fill_mask import FillMask
from attnviz.models import shelf
from attnviz.models.reference import Reference

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

HOW = """There is no display here, so no window was opened. To get one, run this in a desktop session (X or Wayland),
over ssh with X forwarding (ssh -X), or with QT_QPA_PLATFORM=vnc and a VNC viewer on port 5900."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of the window, and of its stand-in."""
    parser.add_argument("checkpoint", nargs="?", metavar="CHECKPOINT", help="a folder, or a name from 'attnviz list'")
    parser.add_argument("--text", help="the sentence to begin with")
    parser.add_argument(
        "--quit-after", type=float, metavar="SECONDS", help="close the window by itself, for measurements"
    )


def run(arguments: Namespace) -> int:
    """Print the example's predictions, save a screenshot of every tab; returns the exit status."""
    from attnviz import screenshot  # noqa: PLC0415 - imports Qt
    from attnviz.tabs import TABS  # noqa: PLC0415

    remembered, _ = settings.load(places.settings_file())
    folder = shelf.resolve(arguments.checkpoint, remembered.recent)
    text = arguments.text or settings.Settings().sentence
    print(f"{folder.name}: {text}\n")
    print_bars(drain(FillMask(Reference(str(folder)), text, top=5)))
    pictures = Path("screenshots")
    targets = {kind.name: pictures / f"{kind.name}.png" for kind in TABS}
    pictures.mkdir(exist_ok=True)
    screenshot.take(targets, folder, text, (1280, 800), "light")
    print()
    for target in targets.values():
        print(f"saved {target}")
    print(f"\n{HOW}")
    return 0
