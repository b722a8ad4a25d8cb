"""The readout of the cell under the cursor: which query looks at which key, and how its weight came about."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from attnviz.table import Cell, Table
from attnviz.trace import Attention, Overview, Site, Tokens
from attnviz.views.cell_reading import read_cell, read_row, scale_name
from attnviz.views.head_table import spoken
from attnviz.views.lettering import isolated, tip_markup
from attnviz.views.palette import BASE, GRID, LARGE, SMALL, token_font, ui_font
from attnviz.views.placeholder import Placeholder
from attnviz.views.view import View

_LONGEST = 16
_ROWS = (
    ("query", "The token that looks, and its position."),
    ("key", "The token that is looked at, and its position."),
    ("q·k", "The dot product of the query's and the key's vector."),
    ("scale", "What the dot product is multiplied by: one over the root of the head's width."),
    ("bias", "What this model adds to the scaled score."),
    ("score", "What enters the softmax; −∞ where the query may not look."),
    ("weight", "What leaves the softmax: this key's share of the query's attention."),
    ("row entropy", "How evenly this query spreads its attention; in brackets the entropy of an even spread."),
    ("row maximum", "The highest weight of this query, and the key that has it."),
    ("mean entropy", "How evenly a query of this head spreads its attention, averaged over the queries."),
    ("mean distance", "How far a query looks on average: |query − key| weighted by attention."),
    ("on itself", "Share of the attention on the query's own position."),
    ("on previous", "Share on the token before."),
    ("on next", "Share on the token after."),
    ("on [CLS]", "Share on the first token."),
    ("on [SEP]", "Share on the separators."),
)
_SUMMARY = tuple(name for name, _ in _ROWS[-len(Overview.SUMMARY) :])
_RULED = ("q·k", "row entropy")


class CellCard(View):
    """Numbers of the cursor's cell. With a query alone it shows the row; the text can be selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: dict[str, QLabel] = {}
        self._values: dict[str, QLabel] = {}
        self._rules: list[QFrame] = []
        self._readings: dict[str, Cell] = {}
        self._stack = QStackedLayout(self)
        self._placeholder = Placeholder("Point at a cell to read its numbers; click to pin it.")
        self._stack.addWidget(self._placeholder)
        self._stack.addWidget(self._build_card())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def _build_card(self) -> QWidget:
        card = QWidget()
        column = QVBoxLayout(card)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(self._build_heading())
        column.addLayout(self._build_rows())
        self._hint = _label(ui_font(SMALL))
        self._hint.setObjectName("muted")
        self._hint.setWordWrap(True)
        self._hint.setText(
            "The whole head, averaged over its queries. Point at a cell for q·k, score and weight; click to pin it."
        )
        column.addWidget(self._hint)
        column.addStretch(1)
        return card

    def _build_heading(self) -> QHBoxLayout:
        self._where, self._how = _label(ui_font(BASE, bold=True)), _label(ui_font(SMALL))
        self._how.setObjectName("muted")
        heading = QHBoxLayout()
        heading.addWidget(self._where)
        heading.addStretch(1)
        heading.addWidget(self._how)
        return heading

    def _build_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(1, 1)
        for name, explained in _ROWS:
            if name in _RULED:
                self._rules.append(_rule())
                grid.addWidget(self._rules[-1], grid.rowCount(), 0, 1, 2)
            line = grid.rowCount()
            title = _label(ui_font(SMALL))
            title.setText(name)
            title.setObjectName("muted")
            value = _label(token_font(LARGE if name == "weight" else BASE))
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setAccessibleName(name)
            for part in (title, value):
                part.setToolTip(tip_markup(explained))
            grid.addWidget(title, line, 0)
            grid.addWidget(value, line, 1)
            self._names[name], self._values[name] = title, value
        return grid

    def shown(self, name: str) -> str:
        """The text beside a row's name, empty if that row is not shown."""
        return "" if self._values[name].isHidden() else self._values[name].text()

    def numbers(self) -> Table:
        return Table(("quantity", "value"), tuple(self._readings.items())) if self._readings else Table((), ())

    def sizeHint(self) -> QSize:
        return QSize(30 * GRID, 34 * GRID)

    def _update(self, *, fresh: bool) -> None:
        self._readings = {}
        cell = self._texts()
        texts = cell or self._summary()
        for name, _ in _ROWS:
            self._names[name].setVisible(name in texts)
            self._values[name].setVisible(name in texts)
            self._values[name].setText(texts.get(name, ""))
        self._where.setText(f"layer {self.cursor_at.layer} · head {self.cursor_at.head}")
        self._how.setText("pinned · Esc frees" if self.cursor_at.pinned else "")
        for rule in self._rules:
            rule.setVisible(bool(cell))
        self._hint.setVisible(not cell)
        self._placeholder.sentence = self._sentence()
        self._placeholder.update()
        self._stack.setCurrentIndex(1 if texts else 0)

    def _sentence(self) -> str:
        if self.trace.tokens(Site.ENCODER) is None:
            return "Type a sentence above; then point at a cell to read its numbers."
        return "Point at a cell to read its numbers; click to pin it."

    def _summary(self) -> dict[str, str]:
        """The head as a whole, for when no cell is pointed at."""
        cursor = self.cursor_at
        overview = self.trace.overview(cursor.layer, cursor.site)
        if overview is None or cursor.head >= len(overview.summary):
            return {}
        numbers = [float(value) for value in overview.summary[cursor.head]]
        self._readings = {"layer": cursor.layer, "head": cursor.head, **dict(zip(_SUMMARY, numbers, strict=True))}
        units = (" nats", " tokens", *("" for _ in numbers[2:]))
        spoken_numbers = map(spoken, Overview.SUMMARY, numbers)
        said = {name: f"{value}{unit}" for name, value, unit in zip(_SUMMARY, spoken_numbers, units, strict=True)}
        if cursor.site is Site.CROSS:  # a word has no place of its own in the source
            return {name: said[name] for name in _SUMMARY[:1]}
        return said

    def _texts(self) -> dict[str, str]:
        site, query, key = self.cursor_at.site, self.cursor_at.query, self.cursor_at.key
        attention = self.trace.attention(self.cursor_at.layer, site)
        queries = self.trace.tokens(Site.DECODER if site is Site.CROSS else site)
        keys = self.trace.tokens(Site.ENCODER if site is Site.CROSS else site)
        if attention is None or queries is None or keys is None or not self.cursor_at.head < attention.heads:
            return {}
        texts: dict[str, str] = {}
        if query is not None and query < min(attention.query.shape[1], len(queries)):
            texts |= {"query": _token(queries, query)} | self._row(attention, query, keys)
            self._readings = {
                "layer": self.cursor_at.layer,
                "head": self.cursor_at.head,
                "query": query,
            } | self._readings
        if key is not None and key < min(attention.key.shape[1], len(keys)):
            texts["key"] = _token(keys, key)
            if "query" in texts and query is not None:
                texts |= self._cell(attention, query, key)
        return texts

    def _row(self, attention: Attention, query: int, keys: Tokens) -> dict[str, str]:
        row = read_row(attention, self.cursor_at.head, query)
        self._readings |= {
            "row entropy (nats)": row.entropy,
            "row maximum": row.highest,
            "row maximum at key": row.highest_key,
        }
        return {
            "row entropy": f"{row.entropy:.2f} nats ({row.uniform:.2f})",
            "row maximum": f"{row.highest:.3f} {_token(keys, row.highest_key)}" if row.highest else "masked everywhere",
        }

    def _cell(self, attention: Attention, query: int, key: int) -> dict[str, str]:
        cell = read_cell(attention, self.cursor_at.head, query, key)
        self._readings |= {
            "key": key,
            "q·k": cell.product,
            "scale": cell.scale,
            "score": cell.score,
            "weight": cell.weight,
        }
        texts = {
            "q·k": _signed(cell.product),
            "scale": scale_name(cell.scale, int(attention.query.shape[2])),
            "score": "−∞, masked" if cell.masked else _signed(cell.score),
            "weight": f"{cell.weight:.2e}" if 0 < cell.weight < 0.0005 else f"{cell.weight:.3f}",
        }
        if cell.bias is not None:
            self._readings["bias"] = cell.bias
            texts["bias"] = _signed(cell.bias)
        return texts


def _token(tokens: Tokens, position: int) -> str:
    return f"{isolated(tokens.labels[position], _LONGEST)} ({position})"


def _signed(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _label(font: QFont) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(font)
    return label


def _rule() -> QFrame:
    rule = QFrame()
    rule.setFrameShape(QFrame.Shape.HLine)
    rule.setFrameShadow(QFrame.Shadow.Plain)
    rule.setForegroundRole(rule.palette().ColorRole.Mid)
    return rule
