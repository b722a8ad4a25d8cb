"""What the program remembers between starts: a small JSON file, checked when read, replaced whole when written."""

from __future__ import annotations

import glob
import json
import logging
import os
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from attnviz.text.clean import clean

_LIMIT = 4 * 1024 * 1024  # eleven sentences of 20,000 characters, twelve bytes each, fit
_MOST_RECENT = 10
_UNFINISHED, _YOUNG_S = ".part", 10.0
_LONGEST = {"sentence": 20_000, "checkpoint": 4096, "tab": 40, "theme": 10, "device": 20}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """The remembered state; every value has a default that works."""

    checkpoint: str = ""
    sentence: str = "The capital of France is [MASK]."
    recent: tuple[str, ...] = ()
    recent_sentences: tuple[str, ...] = ()
    width: int = 1280
    height: int = 800
    tab: str = "masking"
    theme: str = "system"
    device: str = "auto"

    def with_recent(self, path: str) -> Settings:
        """``path`` as the most recent checkpoint."""
        others = tuple(entry for entry in self.recent if entry != path)
        return replace(self, checkpoint=path, recent=(path, *others)[:_MOST_RECENT])

    def with_sentence(self, sentence: str) -> Settings:
        """``sentence`` as the present and, unless it is blank, the most recent one."""
        recent = dict.fromkeys([*([sentence] if sentence.strip() else []), *self.recent_sentences])
        return replace(self, sentence=sentence, recent_sentences=tuple(recent)[:_MOST_RECENT])


def load(path: Path) -> tuple[Settings, str | None]:
    """The settings in ``path``, and one sentence when the file was unusable: it is kept as ``….bad-<time>``."""
    _sweep(path)
    try:
        if not path.exists():
            return Settings(), None
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("not an ordinary file")
        if path.stat().st_size > _LIMIT:
            raise ValueError("larger than 4 MiB")
        found = json.loads(path.read_bytes().decode("utf-8-sig"))
        if not isinstance(found, dict):
            raise TypeError("not a JSON object")
        return _checked(found), None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        _log.warning("settings %s unusable: %s", path, error)
        with suppress(OSError):
            path.rename(path.with_name(f"{path.name}.bad-{time.strftime('%Y%m%d-%H%M%S')}"))
        return (
            Settings(),
            "The settings file could not be read, so the defaults are used; the old file was kept beside it.",
        )


def save(settings: Settings, path: Path) -> None:
    """Replace the file in one step; raises OSError with the old file intact."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            json.dump(asdict(settings), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _sweep(path: Path) -> None:
    """Remove what a save left behind that was killed; a file that is still young may be another program's, at this moment."""
    with suppress(OSError):
        for left in path.parent.glob(f".{glob.escape(path.name)}.*{_UNFINISHED}"):
            if time.time() - left.stat(follow_symlinks=False).st_mtime > _YOUNG_S:
                left.unlink()


def _checked(found: dict[str, object]) -> Settings:
    """Known keys with values of the right kind and size; the rest is left at its default."""
    values = {field.name: found[field.name] for field in fields(Settings) if _fits(field.name, found.get(field.name))}
    lists = {name: tuple(value)[:_MOST_RECENT] for name, value in values.items() if isinstance(value, list)}
    checked = Settings(**{**values, **lists})  # type: ignore[arg-type] # checked by _fits just above
    sentences = tuple(clean(sentence).text for sentence in checked.recent_sentences)
    return replace(checked, sentence=clean(checked.sentence).text, recent_sentences=sentences)


def _fits(name: str, value: object) -> bool:
    default = getattr(Settings(), name)
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(entry, str) and len(entry) <= 20_000 for entry in value)
    if isinstance(default, str):
        return isinstance(value, str) and len(value) <= _LONGEST.get(name, 200)
    return isinstance(value, int) and not isinstance(value, bool) and 320 <= value <= 16_384
