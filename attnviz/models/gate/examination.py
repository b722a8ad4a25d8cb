"""The gate in a child process: what crashes, hangs or eats memory there costs a message and not the session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import attnviz
from attnviz.errors import CheckpointError
from attnviz.models.gate.verdict import Verdict, from_json, tokenizer_from_json
from attnviz.text.tokenizer_file import TokenizerSpec

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


class Child:
    """One path being examined; starts at once. Ask for the ``answer`` once, or ``cancel``. ``what`` is said in refusals."""

    what = "folder"

    def __init__(self, path: Path, *options: str) -> None:
        self._refusal: CheckpointError | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._heard: bytes | None = None
        self._began = time.monotonic()
        root = str(Path(attnviz.__file__).parents[1])
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, root, *options, "--", str(Path.cwd() / path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_ENVIRONMENT},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except ValueError:  # a NUL byte, or half a character
            self._refusal = CheckpointError(
                f"That is no path of a {self.what}; pick one that exists.", "FOLDER_MISSING"
            )
        except OSError:
            self._refusal = CheckpointError(
                f"The {self.what} can't be examined: no process could be started.", "GATE_CRASHED"
            )

    def is_done(self, within: float) -> bool:
        """Wait at most ``within`` seconds; True when ``answer`` will come, or be refused, at once."""
        if self._process is not None and self._refusal is None and self._heard is None:
            with suppress(subprocess.TimeoutExpired):
                self._heard, _ = self._process.communicate(timeout=within)
            if self._heard is None and time.monotonic() - self._began > TIMEOUT:
                self._give_up(TIMEOUT)
        return self._heard is not None or self._refusal is not None

    def cancel(self) -> None:
        """Stop the child, if it still runs; a later ``answer`` raises GATE_CANCELLED."""
        self._end()
        self._refusal = CheckpointError("The examination was cancelled.", "GATE_CANCELLED")

    def answer(self, timeout: float = TIMEOUT) -> Any:
        """What the child found, as it came out of JSON; raises its CheckpointError, or GATE_TIMEOUT or GATE_CRASHED."""
        try:
            if self._process is not None and self._refusal is None and self._heard is None:
                self._heard, _ = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self._give_up(timeout)
        finally:
            self._end()
        if self._refusal is not None or self._process is None or self._heard is None:
            raise self._refusal or CheckpointError("The examination was cancelled.", "GATE_CANCELLED")
        return self._understood(self._heard, self._process.returncode)

    def _give_up(self, timeout: float) -> None:
        self._end()
        sentence = f"Checking the {self.what} took longer than {timeout:.0f} seconds and was stopped; it is not usable."
        self._refusal = CheckpointError(sentence, "GATE_TIMEOUT")

    def _end(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _understood(self, answer: bytes, status: int) -> Any:
        """The verdict in the child's answer, which must be exactly what we write."""
        try:
            found = json.loads(answer)
            if status == 0 and set(found) == {"verdict"}:
                return self._read(found["verdict"])
            sentence, code = (found["refused"][key] for key in ("sentence", "code"))
        except (ValueError, KeyError, TypeError, RecursionError, CheckpointError):
            raise self._crashed(status) from None
        raise CheckpointError(str(sentence), str(code))

    def _read(self, found: Any) -> Any:
        """What the child wrote, as values; raises ValueError, KeyError or TypeError on anything else."""
        raise NotImplementedError

    def _crashed(self, status: int) -> CheckpointError:
        reason = f"stopped with status {status}"
        if status < 0:
            known = -status in set(signal.Signals)
            reason = f"died of {signal.Signals(-status).name}" if known else f"died of signal {-status}"
        sentence = f"The process that checked the {self.what} {reason}; a file is damaged or hostile."
        return CheckpointError(sentence, "GATE_CRASHED")


class Examination(Child):
    """A checkpoint folder being examined."""

    def __init__(self, folder: Path, *, allow_pickle: bool = False, memory: int | None = None) -> None:
        super().__init__(
            folder,
            *(["--allow-pickle"] if allow_pickle else []),
            *(["--memory", str(memory)] if memory is not None else []),
        )

    def verdict(self, timeout: float = TIMEOUT) -> Verdict:
        """Wait for the verdict; raises CheckpointError."""
        found: Verdict = self.answer(timeout)
        return found

    def _read(self, found: Any) -> Verdict:
        return from_json(found)


class TokenizerExamination(Child):
    """The tokenizer of a folder, or a tokenizer.json that stands alone, being examined."""

    what = "tokenizer"

    def __init__(self, path: Path) -> None:
        super().__init__(path, "--tokenizer")

    def spec(self, timeout: float = TIMEOUT) -> TokenizerSpec:
        """Wait for the specification; raises CheckpointError."""
        found: TokenizerSpec = self.answer(timeout)
        return found

    def _read(self, found: Any) -> TokenizerSpec:
        return tokenizer_from_json(found)
