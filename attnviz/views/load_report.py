"""How the open checkpoint was read, as a table that can be copied."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from attnviz.errors import printable
from attnviz.table import Table
from attnviz.trace import LoadReport

_NAMES_SHOWN = 8


def summary(report: LoadReport) -> str:
    """One line for the status bar."""
    extra = f", {len(report.unexpected)} not used" if report.unexpected else ""
    return f"load report: {report.found}/{report.expected} tensors{extra}"


def facts(report: LoadReport) -> Table:
    """The whole report as name and value."""
    abilities = [
        name
        for name, able in (
            ("masked words", report.can_fill_masks),
            ("next sentence", report.can_judge_pairs),
            ("next words", report.can_write),
        )
        if able
    ]
    rows = (
        ("Checkpoint", report.name),
        ("Folder", report.path),
        ("Family", f"{report.family}: {report.layers} layers × {report.heads} heads, hidden {report.hidden}"),
        ("Vocabulary", f"{report.vocabulary:,} pieces, {report.positions} positions"),
        ("Parameters", f"{report.parameters:,}"),
        ("Tensors", f"{report.found} of {report.expected} found"),
        ("Missing", _names(report.missing)),
        ("Not used", _names(report.unexpected)),
        ("Stored as", f"{report.dtype}, {report.bytes / 2**20:.1f} MiB; computed in float32 on {report.device}"),
        ("Probe forward", report.probe),
        ("Can predict", ", ".join(abilities) or "nothing (attention only)"),
        ("Read in", f"{report.seconds:.2f} s"),
        *(("Note", note) for note in report.notes),
    )
    return Table(("what", "value"), rows)


def _names(names: tuple[str, ...]) -> str:
    if not names:
        return "none"
    more = f", and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(printable(name) for name in names[:_NAMES_SHOWN]) + more


class LoadReportDialog(QDialog):
    """The report in a window of its own."""

    def __init__(self, report: LoadReport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Load report: {report.name}")
        self.setMinimumWidth(560)
        self._table = facts(report)
        column = QVBoxLayout(self)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(16)
        for what, value in self._table.rows:
            form.addRow(_label(str(what), muted=True), _label(str(value)))
        column.addLayout(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self._on_copy)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._table.csv())


def _label(text: str, *, muted: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(not muted)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    if muted:
        label.setObjectName("muted")
    return label
