"""A page whose questions are about the sentence above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from attnviz.tabs.page import Page

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent

    from attnviz.errors import AttnvizError
    from attnviz.tabs.asking import Asking


class TextPage(Page):
    """A text without tokens is no failure: there is nothing to show then. Who looks elsewhere need not wait for what is under way."""

    def asking(self) -> Asking:
        made = super().asking()
        made.failed.disconnect(self.failed)
        made.failed.connect(self._on_failed)
        return made

    def empty(self) -> None:
        """Forget every question with its answer."""
        for asking in self._asked:
            asking.forget()
        self._redraw()

    def unchanged(self) -> str:
        """That the Inspector's changes are not made here, where there are any."""
        return "the model as it is, without the Inspector's changes" if self.scene.changes else ""

    def _redraw(self) -> None:
        """Bring the page in line with its answers."""
        raise NotImplementedError

    @Slot(object)
    def _on_failed(self, error: AttnvizError) -> None:
        if error.code == "EMPTY_TEXT":
            self.empty()
        else:
            self.failed.emit(error)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for asking in self._asked:
            asking.cancel()
