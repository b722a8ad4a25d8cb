"""What can go wrong in words a person can act on: each error is one plain sentence and a code."""

from __future__ import annotations

LONGEST_SENTENCE = 300


class AttnvizError(Exception):
    """A failure that is answered with one sentence: what happened, why, and what to do.

    ``code`` is a stable upper-case name for tests and logs; the sentence is for people
    (plain text, at most 300 characters, control characters shown escaped).
    """

    def __init__(self, sentence: str, code: str = "ERROR") -> None:
        self.sentence = printable(sentence, LONGEST_SENTENCE)
        self.code = code
        super().__init__(self.sentence)

    def __reduce__(self) -> tuple[type[AttnvizError], tuple[str, str]]:
        return type(self), (self.sentence, self.code)


class CheckpointError(AttnvizError):
    """A checkpoint folder that is refused, or a model that can't answer what was asked."""


class TextError(AttnvizError):
    """An input text that can't be tokenized or has nothing to compute on."""


class JobError(AttnvizError):
    """A request whose settings make no sense for the loaded model."""


class ExportError(AttnvizError):
    """A file that could not be written; the old file, if any, is intact."""


class Cancelled(AttnvizError):
    """The run was stopped by the user or by a newer request."""

    def __init__(self, sentence: str = "cancelled", code: str = "CANCELLED") -> None:
        super().__init__(sentence, code)


def printable(text: str, longest: int = 80) -> str:
    """``text`` on one line, with control characters and lone surrogates escaped, elided at ``longest``."""
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def in_words(error: BaseException) -> AttnvizError:
    """An error as one sentence: our own as it is, others by their kind."""
    if isinstance(error, AttnvizError):
        return error
    if isinstance(error, MemoryError) or "alloc" in str(error):
        return AttnvizError(
            "There was not enough memory for this run; try a shorter text or a smaller model.", "OUT_OF_MEMORY"
        )
    if isinstance(error, RecursionError):
        return AttnvizError("The run nested too deeply and was stopped; try a shorter text.", "TOO_DEEP")
    kind = type(error).__name__
    return AttnvizError(
        f"This run stopped on an unexpected {kind}; the program goes on, and the log has the details.", "UNEXPECTED"
    )
