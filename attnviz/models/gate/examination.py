"""The gate in a child process: what crashes, hangs or eats memory there costs a message and not the session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import attnviz
from attnviz.errors import CheckpointError
from attnviz.models.gate.verdict import Verdict, from_json

TIMEOUT = 20.0
# The child finds this very package, wherever it is run from; -P keeps the working directory off its path.
_START = """import sys
root = sys.argv.pop(1)
if root not in sys.path: sys.path.insert(0, root)
from attnviz.models.gate.__main__ import main
main(sys.argv[1:])"""
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Examination:
    """One folder being examined; starts at once. Ask for the ``verdict`` once, or ``cancel``."""

    def __init__(self, folder: Path, *, allow_pickle: bool = False, memory: int | None = None) -> None:
        self._refusal: CheckpointError | None = None
        self._process: subprocess.Popen[bytes] | None = None
        root = str(Path(attnviz.__file__).parents[1])
        options = [
            *(["--allow-pickle"] if allow_pickle else []),
            *(["--memory", str(memory)] if memory is not None else []),
        ]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, root, *options, "--", str(Path.cwd() / folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except ValueError:  # a NUL byte, or half a character
            self._refusal = CheckpointError(
                "That is no path of a folder; pick a folder that holds a checkpoint.", "FOLDER_MISSING"
            )
        except OSError:
            self._refusal = CheckpointError(
                "The checkpoint can't be examined: no process could be started.", "GATE_CRASHED"
            )

    def verdict(self, timeout: float = TIMEOUT) -> Verdict:
        """Wait for the answer; raises the child's CheckpointError, or GATE_TIMEOUT or GATE_CRASHED."""
        if self._refusal is not None or self._process is None:
            raise self._refusal or CheckpointError("The examination was cancelled.", "GATE_CANCELLED")
        try:
            answer, _ = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            sentence = (
                f"Checking the folder took longer than {timeout:.0f} seconds and was stopped; its files are not usable."
            )
            raise CheckpointError(sentence, "GATE_TIMEOUT") from None
        finally:
            self._end()
        return _understood(answer, self._process.returncode)

    def cancel(self) -> None:
        """Stop the child, if it still runs; a later ``verdict`` raises GATE_CANCELLED."""
        self._end()
        self._refusal = CheckpointError("The examination was cancelled.", "GATE_CANCELLED")

    def _end(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def _understood(answer: bytes, status: int) -> Verdict:
    """The verdict in the child's answer, which must be exactly what we write."""
    try:
        found = json.loads(answer)
        if status == 0 and set(found) == {"verdict"}:
            return from_json(found["verdict"])
        sentence, code = (found["refused"][key] for key in ("sentence", "code"))
    except (ValueError, KeyError, TypeError, RecursionError, CheckpointError):
        raise _crashed(status) from None
    raise CheckpointError(str(sentence), str(code))


def _crashed(status: int) -> CheckpointError:
    reason = f"stopped with status {status}"
    if status < 0:
        reason = (
            f"died of {signal.Signals(-status).name}" if -status in set(signal.Signals) else f"died of signal {-status}"
        )
    sentence = f"The process that checked the folder {reason}; one of the folder's files is damaged or hostile."
    return CheckpointError(sentence, "GATE_CRASHED")
