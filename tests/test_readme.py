"""The README's pictures are of the program as it is. UPDATE_SCREENSHOTS=1 makes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from attnviz import screenshot
from attnviz.tabs import TABS

ALIKE = 14.0  # mean difference of 40 × 25 grey blocks, out of 255: fonts may differ, the layout may not


def blocks(image: QImage) -> np.ndarray:
    """The picture as 25 × 40 grey values."""
    small = image.scaled(40, 25, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    grey = small.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].astype(np.float64)


@pytest.mark.parametrize("name", [kind.name for kind in TABS])
def test_the_picture_of_a_tab_is_true(name: str, root: Path, shipped: Path, tmp_path: Path, qapp) -> None:
    """The real window, rendered now, looks like the picture that the README shows."""
    stored = root / "resources" / "screenshots" / f"{name}.png"
    target = stored if os.environ.get("UPDATE_SCREENSHOTS") else tmp_path / "now.png"
    screenshot.take({name: target}, shipped, None, (1280, 800), "light")
    fresh, kept = QImage(str(target)), QImage(str(stored))
    assert (fresh.width(), fresh.height()) == (1280, 800)
    assert not kept.isNull()
    assert np.abs(blocks(fresh) - blocks(kept)).mean() < ALIKE
    assert blocks(fresh).std() > 3, "the picture is blank"


def test_every_picture_and_file_that_the_readme_names_exists(root: Path) -> None:
    """No broken link."""
    text = (root / "README.md").read_text(encoding="utf-8")
    names = [*re.findall(r"\]\(([^)#]+)\)", text), "NOTICE", "CONTRIBUTING.md"]
    assert all((root / name).exists() for name in names if "://" not in name)
    for kind in TABS:
        assert f"resources/screenshots/{kind.name}.png" in text


def test_every_command_of_the_readme_exists(root: Path) -> None:
    """The table names commands that the program has."""
    from attnviz.commands import COMMANDS

    known = {*COMMANDS, screenshot.NAME}
    table = re.findall(r"^\| `attnviz ([a-z-]+)", (root / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(table) == known


def test_the_number_of_bad_inputs_is_the_number_that_is_tested(root: Path) -> None:
    """The README's count is the table's."""
    from tests.badinputs.test_bad_inputs import CASES

    said = re.search(
        r"^(\d+) of (\d+) bad or odd checkpoint folders",
        (root / "README.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert said is not None
    assert said.groups() == (str(len(CASES)), str(len(CASES)))
