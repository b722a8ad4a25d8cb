"""What every recipe can be told on the command line, and where its run and its folder go."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from checkpoints.recipes.training import Plan

HERE = Path(__file__).parent


def parser(about: str | None) -> argparse.ArgumentParser:
    """--smoke, --out and --runs; a recipe adds its own."""
    options = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--smoke", action="store_true", help="a few steps; writes nothing into checkpoints/")
    options.add_argument("--out", type=Path, help="the folder to write, instead of checkpoints/NAME")
    options.add_argument("--runs", type=Path, default=HERE / "runs", help="where states and logs are kept")
    return options


def plan(chosen: argparse.Namespace, whole: Plan) -> Plan:
    """The whole plan, or twenty steps of it."""
    return replace(whole, steps=20, warm_up=5, report_every=5, save_every=10) if chosen.smoke else whole


def run(chosen: argparse.Namespace, name: str) -> Path:
    """Where a run keeps its state and its log; a smoke run never touches a real one's."""
    runs: Path = chosen.runs
    return runs / (f"smoke-{name}" if chosen.smoke else name)


def folder(chosen: argparse.Namespace, name: str) -> Path:
    """Where the finished checkpoint goes."""
    if chosen.out is not None:
        out: Path = chosen.out
        return out
    return run(chosen, name) / "folder" if chosen.smoke else HERE.parent / name
