"""The status line: what was computed and how long it took, what runs now and how to stop it, and the load report's door."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from attnviz.trace import Timing, Trace


class StatusLine(QWidget):
    """Three parts from left to right. ``cancelled`` and ``report_wished`` are its buttons."""

    cancelled = Signal()
    report_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 8, 2)
        row.setSpacing(12)
        self._facts = self._label()
        self._state = self._label()
        self._bar = QProgressBar(self)
        self._bar.setFixedSize(120, 8)
        self._bar.setTextVisible(False)
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setToolTip("Stop what runs now (Ctrl+.)")
        self.cancel.clicked.connect(self.cancelled)
        self.report = QPushButton("no checkpoint open", self)
        self.report.setFlat(True)
        self.report.setToolTip("How the open checkpoint was read (Ctrl+I)")
        self.report.clicked.connect(self.report_wished)
        row.addWidget(self._facts)
        row.addStretch(1)
        for part in (self._state, self._bar, self.cancel, self.report):
            row.addWidget(part)
        self.show_idle()

    def show_facts(self, text: str) -> None:
        self._facts.setText(text)

    def show_trace(self, trace: Trace, drawn: float) -> None:
        """How many tokens, and the milliseconds that the forward and the drawing took."""
        tokens, timing = trace.tokens(), trace.find(Timing)
        parts = [f"{len(tokens)} tokens"] if tokens else []
        parts += [f"forward {timing.forward * 1000:.0f} ms"] if timing else []
        parts += [f"drawn {drawn:.0f} ms"] if tokens else []
        self.show_facts(" · ".join(parts))

    def show_idle(self) -> None:
        self._state.setText("● idle")
        self._bar.hide()
        self.cancel.hide()

    def show_running(self, what: str, seconds: float, done: int, total: int) -> None:
        """``total`` 0 means that the length is not known."""
        self._state.setText(f"◌ {what} · {seconds:.1f} s")
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._bar.show()
        self.cancel.show()

    def show_report(self, text: str) -> None:
        self.report.setText(text)

    def _label(self) -> QLabel:
        label = QLabel("", self)
        label.setObjectName("muted")
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label
