"""``main()``: reads the arguments, sets up logging, then opens the window or runs one headless command."""

from __future__ import annotations

import argparse
import errno
import logging
import logging.handlers
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from attnviz import __version__, places, system
from attnviz.commands import COMMANDS
from attnviz.errors import AttnvizError, in_words, printable

_log = logging.getLogger("attnviz")
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
LARGEST_LOG = 1_000_000
LONGEST_WAIT = 1_000_000.0


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {printable(message, 250)}; see {self.prog} --help", file=sys.stderr)
        sys.exit(2)


class Log(logging.handlers.RotatingFileHandler):
    """The log file: never larger than a megabyte, and when its disk is full nothing is said about that anywhere."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status: 0, or 2 after one sentence on standard error."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    parsed = _parser(words).parse_args(words)
    _log_to_file()
    try:
        status = int(parsed.run(parsed) or 0)
        sys.stdout.flush()
    except AttnvizError as error:
        _log.info("refused: %s", error.code, exc_info=True)
        return _refuse(error.sentence)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _close_stdout()
        return 0
    except BaseException as error:
        if isinstance(error, SystemExit):
            raise
        _log.exception("the command failed")
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _close_stdout()
            return _refuse("There is no space left where this was to be written.")
        return _refuse(f"{in_words(error).sentence} ({places.log_file()})")
    return status


def _close_stdout() -> None:
    """What is left in the buffer goes nowhere, so that the interpreter doesn't stumble over it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(sentence: str) -> int:
    print(f"attnviz: {sentence}", file=sys.stderr)
    return 2


def _parser(words: Sequence[str]) -> Parser:
    """The window's own arguments, unless the first word names a command."""
    commands = {**COMMANDS, "screenshot": "attnviz.screenshot"}
    parser = Parser(prog="attnviz", description="Open a language model and see it think.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"attnviz {__version__}")
    if words and words[0] in commands:
        choices = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
        command = import_module(commands[words[0]])
        sub = choices.add_parser(command.NAME, help=command.HELP, description=command.HELP, allow_abbrev=False)
        command.add_arguments(sub)
        sub.set_defaults(run=command.run)
        return parser
    parser.epilog = "commands: " + ", ".join(commands) + "; 'attnviz COMMAND --help' explains one"
    parser.add_argument("checkpoint", nargs="?", metavar="CHECKPOINT", help="a folder, or a name from 'attnviz list'")
    parser.add_argument("--text", help="the sentence to begin with")
    parser.add_argument(
        "--quit-after", type=_seconds, metavar="SECONDS", help="close the window by itself, for measurements"
    )
    parser.set_defaults(run=_open_window)
    return parser


def _open_window(arguments: argparse.Namespace) -> int:
    """The window where there is a display, else the same work without one."""
    _check_libraries()
    if (
        arguments.quit_after is None
        and not system.has_display()
        and os.environ.get("QT_QPA_PLATFORM", "offscreen") in ("", "offscreen")
    ):
        from attnviz import headless  # noqa: PLC0415 - imports torch and Qt

        return headless.run(arguments)
    from attnviz import session  # noqa: PLC0415 - imports Qt

    return session.run(arguments)


def _seconds(text: str) -> float:
    """A time that a timer can count."""
    seconds = float(text)
    if not 0 <= seconds <= LONGEST_WAIT:
        raise ValueError(text)
    return seconds


def _check_libraries() -> None:
    lacking = [library for library in system.missing() if library.purpose is system.Purpose.ALWAYS]
    if lacking:
        raise AttnvizError(system.sentence(lacking), "LIBRARIES_MISSING")


def _log_to_file() -> None:
    """Everything that went wrong goes to the log with its traceback; without a writable folder, nowhere."""
    try:
        path = places.log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = Log(
            path, maxBytes=LARGEST_LOG, backupCount=1, encoding="utf-8", errors="backslashreplace", delay=True
        )
        logging.basicConfig(
            handlers=[handler], level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
    except OSError:
        logging.basicConfig(handlers=[logging.NullHandler()])
