"""The main job on a machine without a display: predictions in words, a picture of every tab, and how to get a window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import places, settings
from attnviz.commands.fill_mask import print_bars
from attnviz.commands.run import drain, fit
from attnviz.errors import ExportError
from attnviz.jobs.fill_mask import FillMask
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.trace import OwnProbability

if TYPE_CHECKING:
    from argparse import Namespace

    from attnviz.trace import Trace

HOW = """There is no display here, so no window was opened. To get one, run this in a desktop session (X or Wayland),
over ssh with X forwarding (ssh -X), or with QT_QPA_PLATFORM=vnc and a VNC viewer on port 5900."""


def run(arguments: Namespace) -> int:
    """Print the example's predictions, save a screenshot of every tab; returns the exit status."""
    from attnviz import screenshot  # noqa: PLC0415 - imports Qt
    from attnviz.tabs import TABS  # noqa: PLC0415

    remembered, _ = settings.load(places.settings_file())
    folder = shelf.resolve(arguments.checkpoint, remembered.recent)
    text = fit(arguments.text or settings.Settings().sentence)
    first, _, second = text.partition("\n")
    print(f"{folder.name}: {text}\n")
    trace = drain(FillMask(Reference(str(folder)), first, second or None, top=5, or_score_words=True))
    print_bars(trace)
    _print_words(trace)
    pictures = Path("screenshots")
    targets = {kind.name: pictures / f"{kind.name}.png" for kind in TABS}
    try:
        pictures.mkdir(exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder screenshots could not be made here: {error.strerror}.", "EXPORT_FAILED"
        ) from error
    screenshot.take(targets, folder, text, (1280, 800), "light")
    print()
    for target in targets.values():
        print(f"saved {target}")
    print(f"\n{HOW}")
    return 0


def _print_words(trace: Trace) -> None:
    """Without a mask: how probable each word is where it stands."""
    tokens = trace.tokens()
    for word in trace.every(OwnProbability):
        label = tokens.labels[word.position] if tokens else ""
        print(f"  {label:<20} {word.probability * 100:6.2f} %  rank {word.rank:,}")
