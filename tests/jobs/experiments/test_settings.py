"""The registry and what its experiments say of themselves."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace

import pytest

from attnviz.errors import JobError
from attnviz.jobs.experiments import EXPERIMENTS, find
from attnviz.jobs.experiments.experiment import asked, make, uses_checkpoint
from attnviz.jobs.experiments.setting import Choice, Whole, Words, settings_of
from attnviz.models.reference import Reference

HERE = Reference("somewhere/tiny")
each_entry = pytest.mark.parametrize("entry", EXPERIMENTS, ids=lambda entry: entry.name)


def defaults(entry):
    return {each.name: each.default for each in settings_of(entry.load())}


@each_entry
def test_an_experiment_is_what_its_line_says(entry) -> None:
    """Its name is the registry's, every field is a setting or the checkpoint, and there are few of them besides the seed."""
    kind = entry.load()
    assert kind.name == entry.name
    assert find(entry.name) is entry
    settings = settings_of(kind)
    assert {field.name for field in fields(kind)} - {"checkpoint"} == {each.name for each in settings}
    assert settings[-1].name == "seed"
    assert 2 <= len(settings) <= 5
    assert entry.question.endswith("?")
    assert kind.formula


@each_entry
def test_defaults_and_quick_values_are_allowed_and_pickle(entry) -> None:
    """Both sizes can be made; the quick one is another."""
    kind = entry.load()
    usual = make(entry, defaults(entry), HERE)
    quick = make(entry, {each.name: each.quick for each in settings_of(kind)}, HERE)
    assert usual != quick
    assert pickle.loads(pickle.dumps(usual)) == usual
    assert all(each.kind.tip and each.kind.label for each in settings_of(kind))


@each_entry
def test_values_out_of_range_are_refused_where_they_are_made(entry) -> None:
    """Each setting refuses what is none of its values, in a sentence that names it."""
    job = make(entry, defaults(entry), HERE)
    for each in settings_of(entry.load()):
        bad = {Whole: [-1, 2**40, "3", True], Choice: ["odd"], Words: ["", "  ", "x" * 100_000]}[type(each.kind)]
        for value in bad:
            with pytest.raises(JobError, match=each.kind.label) as refused:
                replace(job, **{each.name: value})
            assert refused.value.code == "BAD_SETTING"


@each_entry
def test_what_was_asked_names_every_setting(entry) -> None:
    """The settings with their values, and a command that sets each."""
    job = make(entry, defaults(entry), HERE)
    told = asked(job)
    assert dict(told.settings)["seed"] == "0"
    for each in settings_of(entry.load()):
        assert dict(told.settings)[each.kind.label] == str(each.default)
        assert f" {each.option} " in told.command
    assert ("checkpoint" in dict(told.settings)) is uses_checkpoint(entry.load())


def test_an_unknown_name_lists_what_there_is() -> None:
    """One sentence with the offending word and all names."""
    with pytest.raises(JobError, match="no experiment 'bogus'") as refused:
        find("bogus")
    assert all(entry.name in refused.value.sentence for entry in EXPERIMENTS)


def test_without_a_model_an_experiment_that_needs_one_says_so() -> None:
    """No reference: a refusal that says what to do."""
    entry = find("positions")
    with pytest.raises(JobError, match="open a checkpoint"):
        make(entry, defaults(entry), None)
