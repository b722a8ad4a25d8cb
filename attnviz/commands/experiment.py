"""``attnviz experiment``: a claim of the story measured on this machine, and the list of all of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.commands.columns import print_columns
from attnviz.commands.run import add_checkpoint, drain, print_json, reference
from attnviz.jobs.experiments import EXPERIMENTS, find
from attnviz.jobs.experiments.experiment import make, uses_checkpoint
from attnviz.jobs.experiments.setting import Choice, Whole, settings_of
from attnviz.trace import Asked, Conclusion, Matrix, Plot, Rows

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.jobs.experiments import Entry
    from attnviz.table import Cell
    from attnviz.trace import Series, Trace

NAME = "experiment"
HELP = "measure a claim of the story on this machine, or list the experiments"


def add_arguments(parser: ArgumentParser) -> None:
    choices = parser.add_subparsers(metavar="NAME", dest="name", required=True, parser_class=type(parser))
    listing = choices.add_parser("list", help="what there is", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="a JSON list")
    for entry in EXPERIMENTS:
        _add(choices.add_parser(entry.name, help=entry.question, description=entry.question, allow_abbrev=False), entry)


def _add(parser: ArgumentParser, entry: Entry) -> None:
    """The options of one experiment, as its settings describe them."""
    kind = entry.load()
    parser.add_argument("--quick", action="store_true", help="a size that takes seconds")
    for each in settings_of(kind):
        told = each.kind.tip.replace("%", "%%")
        default = f"default: {each.default}" + ("" if each.quick == each.default else f", quick: {each.quick}")
        parser.add_argument(
            each.option,
            type=int if isinstance(each.kind, Whole) else str,
            choices=each.kind.choices if isinstance(each.kind, Choice) else None,
            metavar=None if isinstance(each.kind, Choice) else "N" if isinstance(each.kind, Whole) else "TEXT",
            help=f"{told} ({default})",
        )
    parser.add_argument("--json", action="store_true", help="a JSON object")
    if uses_checkpoint(kind):
        add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    if arguments.name == "list":
        _list(as_json=arguments.json)
        return
    entry = find(arguments.name)
    kind = entry.load()
    values: dict[str, Any] = {}
    for each in settings_of(kind):
        given = getattr(arguments, each.name)
        values[each.name] = given if given is not None else each.quick if arguments.quick else each.default
    trace = drain(make(entry, values, reference(arguments) if uses_checkpoint(kind) else None))
    if arguments.json:
        print_json(as_json(trace))
    else:
        _print(trace)


def _list(*, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"name": entry.name, "title": entry.title, "question": entry.question, "time": entry.time}
                for entry in EXPERIMENTS
            ]
        )
        return
    print_columns(
        ("name", "title", "time", "question"),
        [(entry.name, entry.title, entry.time, entry.question) for entry in EXPERIMENTS],
    )


def as_json(trace: Trace) -> dict[str, object]:
    """Everything that was measured, as plain values; what is not a finite number is null."""
    (asked,) = trace.every(Asked)
    return {
        "experiment": asked.name,
        "title": asked.title,
        "question": asked.question,
        "formula": asked.formula,
        "settings": dict(asked.settings),
        "command": asked.command,
        "plots": [
            {
                "name": plot.name,
                "across": asdict(plot.across),
                "up": asdict(plot.up),
                "series": [_curve(series) for series in plot.series],
            }
            for plot in trace.every(Plot)
        ],
        "matrices": [
            {
                "name": matrix.name,
                "axes": matrix.axes,
                "unit": matrix.unit,
                "moment": matrix.moment,
                "moments": matrix.moments,
                "rows": matrix.rows,
                "columns": matrix.columns,
                "values": [_finite(line) for line in matrix.values],
            }
            for matrix in trace.every(Matrix)
        ],
        "tables": [
            {"name": rows.name, "rows": [dict(zip(rows.table.columns, row, strict=True)) for row in rows.table.rows]}
            for rows in trace.every(Rows)
        ],
        "conclusion": [sentence for conclusion in trace.every(Conclusion) for sentence in conclusion.sentences],
    }


def _curve(series: Series) -> dict[str, object]:
    bands = (("low", series.low), ("high", series.high))
    return {
        "name": series.name,
        "places": _finite(series.places),
        "values": _finite(series.values),
        **{name: _finite(band) for name, band in bands if band is not None},
        **{name: _finite(told) for name, told in series.told},
    }


def _finite(numbers: np.ndarray[Any, Any]) -> list[float | None]:
    return [float(number) if np.isfinite(number) else None for number in numbers]


def _print(trace: Trace) -> None:
    """The question, the numbers as plain tables, and the conclusion."""
    (asked,) = trace.every(Asked)
    print(f"{asked.title}: {asked.question}")
    print(asked.formula)
    print(" · ".join(f"{name} {value}" for name, value in asked.settings))
    for plot in trace.every(Plot):
        print(f"\n{plot.name}: {plot.up.title}")
        print_columns((plot.across.title, *(series.name for series in plot.series)), _together(plot))
    for matrix in trace.every(Matrix):
        moment = f", {matrix.moments} {matrix.moment}" if matrix.moments else ""
        print(f"\n{matrix.name}: {matrix.unit}{moment}")
        print_columns(
            ("", *matrix.columns), [(row, *_finite(line)) for row, line in zip(matrix.rows, matrix.values, strict=True)]
        )
    for rows in trace.every(Rows):
        print(f"\n{rows.name}")
        print_columns(rows.table.columns, rows.table.rows)
    for conclusion in trace.every(Conclusion):
        print("\n" + "\n".join(conclusion.sentences))


def _together(plot: Plot) -> list[tuple[Cell, ...]]:
    """A row for each place at which any curve has a point."""
    curves = [dict(zip(series.places.tolist(), _finite(series.values), strict=True)) for series in plot.series]
    places = sorted({place for curve in curves for place in curve})
    return [(place, *(curve.get(place) for curve in curves)) for place in places]
