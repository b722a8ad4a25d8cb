"""The promises of the project as a whole: directions, sizes, versions, and nothing in the tree that is one machine's."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import attnviz

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "attnviz").rglob("*.py"))
LONGEST_FILE = 300
FLOORS = {"torch": "2.10", "transformers": "5.10"}  # below: weights or a config.json can run code
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    line.split("==")[0].lower().replace("_", "-"): line.split("==")[1]
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}

# Spelt in pieces, so that this file doesn't find itself.
MACHINE = re.compile(r"(?<![\w.])/(?:root|work|opt|mnt|srv|Users|home/\w+)/\w" + r"|[A-Z]:\\Users\\")
REGISTRY = re.compile(
    "|".join(
        ["pythonhosted" + r"\.org", r"pypi\." + "org", r"download\.pytorch\." + "org", r"registry\.npmjs\." + "org"]
    )
)
INDEX_OPTION = re.compile(r"^\s*--(?:extra-)?(?:index-url|find-links|trusted-host)", re.MULTILINE)

EMITS = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, Signal

class Source(QObject):
    typed = Signal(bool)
    anything = Signal(object)

class Target(QObject):
    def take(self, value): self.last = value

application, source, target = QCoreApplication([]), Source(), Target()
source.typed.connect(target.take)
source.anything.connect(target.take)
before = [sys.getrefcount(value) for value in (True, False, None)]
for _ in range(25_000):
    source.typed.emit(True)
    source.anything.emit(None)
after = [sys.getrefcount(value) for value in (True, False, None)]
print(max(abs(now - then) for now, then in zip(after, before)))
"""


def python(*arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in the checkout."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)


def tracked_texts() -> list[Path]:
    """The files under version control that are text; without version control, the sources."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = listing.stdout.split("\0")[:-1] if listing.returncode == 0 else []
    paths = [ROOT / name for name in names] or SOURCES
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:4096]]


def test_imports_go_downwards_only() -> None:
    """The contracts of pyproject.toml hold: nobody looks up, computing knows no Qt, views know no models."""
    run = python("-c", "from importlinter.cli import lint_imports_command as check; check()")
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_idea(source: Path) -> None:
    """No file of the program passes 300 lines, and each opens by saying what it is."""
    lines = source.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_FILE, f"{len(lines)} lines: split it"
    assert not lines or lines[0].startswith(('"""', 'r"""', "#!")), "it opens without a sentence"


def test_signals_leave_reference_counts_alone() -> None:
    """Q01: 50,000 emits neither abort the interpreter nor wear out True and None (PySide6 6.12.0 on Python 3.11 does)."""
    run = python("-c", EMITS)
    assert run.returncode == 0, f"the interpreter ended with {run.returncode}: {run.stderr}"
    assert int(run.stdout) < 10


@pytest.mark.parametrize("package", FLOORS)
def test_versions_are_above_the_known_holes(package: str) -> None:
    """What is installed and what is pinned are at or above the first safe version, and the ranges ask for it."""
    floor = Version(FLOORS[package])
    assert Version(version(package)) >= floor
    assert Version(PINS[package]) >= floor
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    (requirement,) = (r for r in map(Requirement, asked) if r.name == package)
    assert not requirement.specifier.contains(f"{floor.major}.{floor.minor - 1}.99")


@pytest.mark.parametrize("broken", ["6.10.1", "6.12.0"])
def test_the_broken_qt_bindings_are_excluded(broken: str) -> None:
    """No Python 3.11 gets the bindings that crash."""
    requirements = [r for r in map(Requirement, PROJECT["dependencies"]) if r.name == "PySide6-Essentials"]
    allowed = [r for r in requirements if r.marker is None or r.marker.evaluate({"python_version": "3.11"})]
    assert allowed
    assert not any(r.specifier.contains(broken) for r in allowed)


def test_the_lock_is_pins_only_and_meets_every_range() -> None:
    """Each declared dependency stands in requirements.lock with a version in its range; no hosts, no hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    for requirement in map(Requirement, asked):
        if requirement.marker is None or requirement.marker.evaluate({"python_version": "3.11"}):
            assert requirement.specifier.contains(PINS[requirement.name.lower()]), str(requirement)


def test_the_environment_is_the_locked_one() -> None:
    """The tests run on what the lock names, so a result here is a result anywhere."""
    names = ["torch", "numpy", "PySide6-Essentials", "pyqtgraph", "tokenizers", "safetensors", "platformdirs"]
    different = [name for name in names if version(name).split("+")[0] != PINS[name.lower()]]
    assert different == []


@pytest.mark.parametrize("module", ["attnviz.app", "attnviz.window", "attnviz.commands"])
def test_the_window_does_not_wait_for_torch(module: str) -> None:
    """Importing what is needed before the first paint loads neither torch nor transformers."""
    loaded = f"import sys, {module}; print(*sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    run = python("-c", loaded)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_nothing_in_the_tree_is_one_machines() -> None:
    """No tracked text file names a folder of somebody's machine, a package registry's host or an index option."""
    found = []
    for path in tracked_texts():
        text = path.read_text(encoding="utf-8", errors="replace")
        for pattern in (MACHINE, REGISTRY, INDEX_OPTION):
            found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_the_changelog_knows_this_version() -> None:
    """Who reads the changelog finds the version that runs."""
    assert f"## {attnviz.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["run", "test", "check", "bench", "format", "clean"])
def test_every_command_of_the_makefile_is_explained(target: str) -> None:
    """`make help` names each command, and each sets itself up first (cleaning needs none)."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rule = re.search(rf"^{target}:(.*?)## .+$", makefile, re.MULTILINE)
    assert rule is not None
    assert target == "clean" or re.search(r"\$\(READY\)|check", rule.group(1))
