"""One head's attention as a heat map: queries down, keys across, every stage from q·k to the weight under the mouse."""

from __future__ import annotations

import numpy as np

from attnviz.export.colours import Codes
from attnviz.export.numbers import matrix_table, numbered
from attnviz.export.ticks import Ticks, linear_ticks, logarithmic_ticks
from attnviz.table import Table
from attnviz.trace import Attention, Cursor, Floats, Hiding, Site, Tokens, Trace
from attnviz.views import palette
from attnviz.views.image import Drawable, coded, safe_image, spread
from attnviz.views.map_frame import Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView
from attnviz.views.option import Option
from attnviz.views.segments import SEGMENTS, Kept, kept, nothing_in
from attnviz.views.token_labels import lettered

KINDS = ("weights", "scores", "raw products")
SCALES = ("linear", "log")
FAINTEST = 1e-4
_UNITS = {"weights": "attention weight", "scores": "scaled score (nats)", "raw products": "q·k"}
_SHORT = {"weights": "weight", "scores": "score", "raw products": "q·k"}


class HeatMap(MapView):
    """The map of the cursor's layer and head. The options are attributes; setting one redraws."""

    kind = Option("weights", KINDS)
    scale = Option("linear", SCALES)
    colour_map = Option("blues", palette.MAPS)
    segments = Option("all", SEGMENTS)
    hidden_tokens: Option[tuple[int, ...]] = Option(())
    minus: Option[Trace | None] = Option(None)
    beside: Option[Trace | None] = Option(None)
    title = Option("")

    @property
    def _is_signed(self) -> bool:
        """Whether values lie on both sides of nothing: scores, and differences of any kind."""
        return self.kind != "weights" or self.minus is not None

    def _sentence(self) -> str:
        if self.trace.tokens(self._key_site()) is None:
            return "Type a sentence above to see what each token attends to."
        if self._attention() is not None:
            return nothing_in(self.segments)
        return f"Layer {self.cursor_at.layer} has not arrived yet."

    def _stale(self) -> bool:
        return self._shown_for != _address(self.cursor_at)

    _shown_for: tuple[Site, int, int] | None = None

    def _attention(self) -> Attention | None:
        found = self.trace.attention(self.cursor_at.layer, self.cursor_at.site)
        return found if found is not None and 0 <= self.cursor_at.head < found.heads else None

    def _key_site(self) -> Site:
        return Site.ENCODER if self.cursor_at.site is Site.CROSS else self.cursor_at.site

    def _query_site(self) -> Site:
        return Site.DECODER if self.cursor_at.site is Site.CROSS else self.cursor_at.site

    def _build_picture(self) -> Picture | None:
        self._shown_for = _address(self.cursor_at)
        attention = self._attention()
        queries, keys = self.trace.tokens(self._query_site()), self.trace.tokens(self._key_site())
        if attention is None or queries is None or keys is None:
            return None
        shape = attention.query.shape[1], attention.key.shape[1]
        if shape != (len(queries), len(keys)):
            return None  # the tokens of another run
        rows, columns = kept(self.segments, queries, keys)
        if not rows or not columns:
            return None
        full, caption = self._difference(attention) if self.minus is not None else self._values(attention)
        values = full if (len(rows), len(columns)) == shape else np.ascontiguousarray(full[np.ix_(rows, columns)])
        hidden = frozenset(self._hidden(attention))
        left_out = [index for index, column in enumerate(columns) if column in hidden]
        return self._coloured(values, left_out, caption, (rows, columns), (queries, keys))

    def _difference(self, attention: Attention) -> tuple[Floats, str]:
        """What is shown minus the same of the run before; all zero where the two have no cells in common."""
        before = None if self.minus is None else self.minus.attention(self.cursor_at.layer, self.cursor_at.site)
        full, caption = self._values(attention)
        if before is None or before.query.shape[1] != full.shape[0] or before.key.shape[1] != full.shape[1]:
            return np.zeros_like(full), "the run before has other tokens: nothing to compare"
        change = full - self._values(before)[0]
        change = np.where(np.isfinite(change), change, np.float32(0.0))
        return change, " · ".join(part for part in ("after − before", caption) if part)

    def _values(self, attention: Attention) -> tuple[Floats, str]:
        """The whole map, (queries, keys), and what has to be said about it."""
        head, hidden = self.cursor_at.head, self._hidden(attention)
        if self.kind != "weights":
            values = attention.scores(head) if self.kind == "scores" else attention.products(head)
            return values, f"{_keys(len(hidden))} hatched" if hidden else ""
        hiding = Hiding.of(attention.weights(head), hidden)
        said = f"hidden keys carry {100 * hiding.share:.0f} % of the mass; rows renormalised"
        return hiding.weights, said if hidden else ""

    def _hidden(self, attention: Attention) -> tuple[int, ...]:
        return tuple(position for position in self.hidden_tokens if 0 <= position < attention.key.shape[1])

    def _coloured(
        self,
        values: Floats,
        left_out: list[int],
        caption: str,
        places: Kept,
        tokens: tuple[Tokens, Tokens],
    ) -> Picture:
        drawable, note = safe_image(values)
        if note and self.kind == "scores":
            note = note.replace("−∞ clipped", "masked")
        codes, table, ticks = self._codes(drawable)
        if left_out:
            values = values.copy()
            values[:, left_out] = np.nan
        rows, columns = (
            tuple(map(lettered(side.labels).__getitem__, shown)) for side, shown in zip(tokens, places, strict=True)
        )
        said = " · ".join(part for part in (self.title, caption, note) if part)
        signed = self._is_signed
        return Picture(values, codes, table, *places, rows, columns, "queries ↓", "keys →", ticks, said, signed=signed)

    def _codes(self, values: Drawable) -> tuple[Codes, Codes, Ticks]:
        """Codes of the values, the colour table for them, and the numbers on its bar."""
        signed = self._is_signed
        low, high = spread(values, signed=signed)
        if self.beside is not None:
            high = max(high, self._highest_beside())
            low = -high if signed else low
        if signed:
            unit = f"change of {_UNITS[self.kind]}" if self.minus is not None else _UNITS[self.kind]
            return coded(values, low, high), palette.diverging(), linear_ticks(low, high, unit)
        table = palette.sequential(self.colour_map)
        if self.scale == "linear":
            return coded(values, low, high), table, linear_ticks(low, high, _UNITS[self.kind])
        top = max(high, 10 * FAINTEST)
        logs = np.log10(np.maximum(values, FAINTEST), dtype=np.float32)
        ticks = logarithmic_ticks(FAINTEST, top, "attention weight, log scale")
        return coded(logs, float(np.log10(FAINTEST)), float(np.log10(top))), table, ticks

    def _highest_beside(self) -> float:
        """The highest value of the same head in the run that is shown beside this one, for one scale of both; 0 without one."""
        cursor = self.cursor_at
        other = None if self.beside is None else self.beside.attention(cursor.layer, cursor.site)
        if other is None or cursor.head >= other.heads:
            return 0.0
        values = self._values(other)[0]
        finite = values[np.isfinite(values)]
        return float(np.abs(finite).max()) if finite.size else 0.0

    def _readout(self, picture: Picture, place: Place) -> str:
        row, column = place
        query, key = picture.row_labels[row], picture.column_labels[column]
        value = float(picture.values[place])
        digits = 3 if self.kind == "weights" else 2
        number = f"{value:.{digits}f}" if np.isfinite(value) else "masked" if value == -np.inf else "hidden"
        if self.kind == "weights" and 0 < value < 0.0005:
            number = f"{value:.1e}"
        return f"{_isolate(query)} → {_isolate(key)}   {_SHORT[self.kind]} {number}"

    def numbers(self) -> Table:
        """The map as it is drawn: a row per query, a column per key."""
        queries, keys = self.trace.tokens(self._query_site()), self.trace.tokens(self._key_site())
        if self._picture is None or queries is None or keys is None:
            return Table((), ())
        return matrix_table(
            "query",
            numbered(queries.labels, self._picture.rows),
            numbered(keys.labels, self._picture.columns),
            self._picture.values,
        )


def _address(cursor: Cursor) -> tuple[Site, int, int]:
    return cursor.site, cursor.layer, cursor.head


def _keys(count: int) -> str:
    return "1 hidden key is" if count == 1 else f"{count} hidden keys are"


def _isolate(label: str) -> str:
    """A lettered token that keeps its own direction between others."""
    return f"\N{FIRST STRONG ISOLATE}{label}\N{POP DIRECTIONAL ISOLATE}"
