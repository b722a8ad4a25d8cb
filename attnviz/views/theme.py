"""The theme: colours by name, sizes and fonts. Needs Qt alone, so that the window can be painted before anything else."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

GRID = 8
SMALL, BASE, LARGE = 11, 13, 16


@dataclass(frozen=True, slots=True)
class Theme:
    """Named colours as ``#rrggbb``; contrast of text on window and surface is at least 4.5 : 1."""

    name: str
    window: str
    surface: str
    raised: str
    border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    warning: str
    error: str
    heads: tuple[str, ...]

    @property
    def dark(self) -> bool:
        return self.name == "dark"


_HEADS_LIGHT = (
    "#0072b2",
    "#b35900",
    "#00795a",
    "#a8478a",
    "#5b5bd6",
    "#8a6d00",
    "#c23b4b",
    "#3a7d2c",
    "#4a6984",
    "#7a4fb0",
    "#93523f",
    "#00758f",
)
_HEADS_DARK = (
    "#56b4e9",
    "#f0a04b",
    "#3fcf9e",
    "#e79bc8",
    "#9c9cff",
    "#e3c53f",
    "#ff8a94",
    "#8fd07a",
    "#a3bdd3",
    "#c39bf0",
    "#dba08a",
    "#5fd0e6",
)

LIGHT = Theme(
    name="light",
    window="#f4f5f7",
    surface="#ffffff",
    raised="#e9ebef",
    border="#cfd4dc",
    text="#1b1f26",
    muted="#5a6472",
    accent="#0b62c4",
    on_accent="#ffffff",
    warning="#8a5a00",
    error="#b3261e",
    heads=_HEADS_LIGHT,
)
DARK = Theme(
    name="dark",
    window="#16191f",
    surface="#1e222a",
    raised="#2a303a",
    border="#3a4250",
    text="#e8ebf0",
    muted="#a3adbb",
    accent="#6cb2ff",
    on_accent="#0d1420",
    warning="#f2c14e",
    error="#ff8a80",
    heads=_HEADS_DARK,
)

_current = LIGHT


def theme() -> Theme:
    """The theme that is in force; views read it when they paint and repaint on ``PaletteChange``."""
    return _current


def system_theme() -> Theme:
    """Light or dark as the desktop says; light where it says nothing."""
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication, chosen: Theme) -> None:
    """Put ``chosen`` in force for every widget; sends them a ``PaletteChange``."""
    global _current  # noqa: PLW0603 - the one place where the theme in force is set
    _current = chosen
    app.setStyle("Fusion")
    app.setFont(ui_font())
    app.setPalette(_qt_palette(chosen))
    app.setStyleSheet(_style_sheet(chosen))


def colour(name: str, alpha: float = 1.0) -> QColor:
    """A theme colour by field name, such as ``"accent"``, at an opacity in [0, 1]."""
    result = QColor(getattr(_current, name))
    result.setAlphaF(alpha)
    return result


def head_colour(head: int) -> QColor:
    """The categorical colour of a head; repeats after twelve."""
    return QColor(_current.heads[head % len(_current.heads)])


def ui_font(size: int = BASE, *, bold: bool = False) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(size)
    font.setBold(bold)
    return font


def token_font(size: int = BASE) -> QFont:
    """The monospaced font of tokens."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(size)
    return font


def _qt_palette(chosen: Theme) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: chosen.window,
        QPalette.ColorRole.WindowText: chosen.text,
        QPalette.ColorRole.Base: chosen.surface,
        QPalette.ColorRole.AlternateBase: chosen.window,
        QPalette.ColorRole.Text: chosen.text,
        QPalette.ColorRole.Button: chosen.raised,
        QPalette.ColorRole.ButtonText: chosen.text,
        QPalette.ColorRole.Highlight: chosen.accent,
        QPalette.ColorRole.HighlightedText: chosen.on_accent,
        QPalette.ColorRole.ToolTipBase: chosen.raised,
        QPalette.ColorRole.ToolTipText: chosen.text,
        QPalette.ColorRole.PlaceholderText: chosen.muted,
        QPalette.ColorRole.Link: chosen.accent,
        QPalette.ColorRole.Mid: chosen.border,
        QPalette.ColorRole.Light: chosen.surface,
    }
    for role, value in roles.items():
        palette.setColor(role, QColor(value))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(chosen.muted))
    return palette


def _style_sheet(chosen: Theme) -> str:
    return f"""
    QToolTip {{ color: {chosen.text}; background: {chosen.raised}; border: 1px solid {chosen.border}; padding: 4px; }}
    QTabWidget::pane {{ border: 0; border-top: 1px solid {chosen.border}; }}
    QTabBar::tab {{ padding: 8px 16px; color: {chosen.muted}; background: transparent; border: 0; border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {chosen.text}; border-bottom: 2px solid {chosen.accent}; }}
    QTabBar::tab:hover {{ color: {chosen.text}; }}
    QLineEdit, QPlainTextEdit {{ background: {chosen.surface}; color: {chosen.text}; border: 1px solid {chosen.border};
        border-radius: 4px; padding: 4px 8px; selection-background-color: {chosen.accent}; selection-color: {chosen.on_accent}; }}
    QLineEdit:focus, QPlainTextEdit:focus {{ border: 1px solid {chosen.accent}; }}
    QPushButton, QToolButton {{ background: {chosen.raised}; color: {chosen.text}; border: 1px solid {chosen.border}; border-radius: 4px; padding: 4px 10px; }}
    QPushButton:hover, QToolButton:hover {{ border-color: {chosen.accent}; }}
    QPushButton:checked, QToolButton:checked {{ background: {chosen.accent}; color: {chosen.on_accent}; border-color: {chosen.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {chosen.muted}; }}
    QCheckBox::indicator {{ width: 12px; height: 12px; border: 1px solid {chosen.muted}; border-radius: 3px; background: {chosen.surface}; }}
    QCheckBox::indicator:checked {{ background: {chosen.accent}; border-color: {chosen.accent}; }}
    QCheckBox::indicator:hover, QCheckBox::indicator:focus {{ border-color: {chosen.accent}; }}
    QFrame#panel {{ background: {chosen.surface}; border: 1px solid {chosen.border}; border-radius: 6px; }}
    QLabel#muted {{ color: {chosen.muted}; }}
    QHeaderView::section {{ background: {chosen.raised}; color: {chosen.text}; border: 0; border-right: 1px solid {chosen.border}; padding: 4px 6px; }}
    QTableView {{ background: {chosen.surface}; alternate-background-color: {chosen.window}; gridline-color: {chosen.border}; border: 0; }}
    QStatusBar {{ color: {chosen.muted}; border-top: 1px solid {chosen.border}; }}
    QSplitter::handle {{ background: {chosen.window}; }}
    """
