"""What holds for every test: a home of its own, no network, and no thread, timer or window left behind."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.leaks import Leaks

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from attnviz.engine import Engine

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.0.0.1", "::1", "localhost")
HOME_VARIABLES = {
    "HOME": "",
    "USERPROFILE": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "HF_HOME": ".cache/huggingface",
}

outcome = pytest.StashKey[bool]()
leaks = Leaks()


class Network:
    """An audit hook that refuses connections; it can't be removed, so it is made once and told what is allowed."""

    def __init__(self) -> None:
        self.loopback_allowed = True
        self.attempts: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self._judge(arguments[1])
        elif event == "socket.getaddrinfo":
            self._judge(arguments[:2])

    def _judge(self, address: object) -> None:
        if not isinstance(address, tuple):  # a path: AF_UNIX
            return
        if self.loopback_allowed and address[0] in LOOPBACK:
            return
        self.attempts.append(repr(address))
        message = f"a test reached for the network: {address!r}"
        raise ConnectionRefusedError(message)


network = Network()


def live_in(home: Path) -> dict[str, str]:
    """The environment variables that make ``home`` the user's home on every system."""
    return {name: str(home / folder) for name, folder in HOME_VARIABLES.items()}


@pytest.hookimpl(trylast=True)  # after pytest-qt, which loads Qt
def pytest_configure(config: pytest.Config) -> None:
    """Before the first Qt object or library import: no screen, no hub, and a home that nobody lives in."""
    folder = tempfile.TemporaryDirectory(prefix="attnviz-tests-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    runtime = Path(folder.name, "runtime")
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.update(live_in(Path(folder.name)), XDG_RUNTIME_DIR=str(runtime))
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    leaks.watch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Remember whether the test passed: what a failed one leaves behind is not news."""
    report = yield
    if report.when == "call":
        item.stash[outcome] = report.passed
    return report


@pytest.fixture(autouse=True)
def _nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that leaves a running thread, an active timer or a top-level window, naming the line that made it."""
    before = leaks.alive()
    yield
    left = leaks.left(before)
    if left and request.node.stash.get(outcome, True):
        pytest.fail("left behind by this test:\n  " + "\n  ".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse every connection, and fail the test that tried one even if the program swallowed the refusal."""
    network.loopback_allowed = request.node.get_closest_marker("loopback") is not None
    network.attempts.clear()
    yield
    network.loopback_allowed = True
    if network.attempts:
        pytest.fail("this test reached for the network: " + ", ".join(network.attempts), pytrace=False)


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Numbered empty folders, cheaper than a ``tmp_path`` for each test."""
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(_homes: Iterator[Path]) -> Iterator[Path]:
    """A fresh home folder, so that no test reads or writes the user's settings, nor those of another test."""
    folder = next(_homes)
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in live_in(folder).items():
            patch.setenv(name, value)
        yield folder


@pytest.fixture(scope="session")
def watch() -> Leaks:
    """The watch itself, for the tests of it."""
    return leaks


@pytest.fixture
def refusals(_no_network: None) -> Iterator[list[str]]:
    """The refused connections of this test, which fail it no longer: for the tests of the refusal."""
    yield network.attempts
    network.attempts.clear()


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The checkpoint that the program comes with."""
    return ROOT / "checkpoints" / "bert-l6-h384-en"


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[Engine]:
    """An engine whose library is a plain object; closed afterwards."""
    from attnviz.engine import Engine

    made = Engine(object)
    yield made
    assert made.close()
    made.deleteLater()
