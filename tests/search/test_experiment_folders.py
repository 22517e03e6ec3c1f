"""Folders of experiments, on both databases, compared with a naive evaluation of their names."""

import random
from typing import Any

import pytest

from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import ListExperimentFolders, SearchExperiments
from tests.factories import NOW, a_run, an_experiment

_FOLDERS = ("", "a", "/a", "a/b", "a//b", "ä b", "a/%", "a%", "a_", "A", "gone")


def split(name: str) -> list[str]:
    """The folders of a name and its last part; a slash that begins a part belongs to it."""
    parts: list[str] = []
    while (slash := name.find("/", 1)) > 0:
        parts.append(name[:slash])
        name = name[slash + 1 :]
    return [*parts, name]


@pytest.fixture(scope="module")
def names(gate: Gate) -> dict[str, int]:
    """Names of experiments with the last activity of each."""
    chance = random.Random(3)
    made = {"Default": 0}
    while len(made) < 50:
        name = "/".join(
            chance.choice(["a", "b", "", "ä b", "%", "_", "a%", "A"]) for _ in range(chance.randrange(1, 5))
        )
        if name and name not in made:
            made[name] = chance.choice([0, NOW + len(made)])
            number = an_experiment(gate, name)
            if made[name]:
                a_run(gate, number, start_time=made[name])
    return made


@pytest.mark.parametrize("order", ["name DESC", "experiments", "last_activity_time DESC"])
def test_folders_are_those_of_the_names(gate: Gate, names: dict[str, int], order: str) -> None:
    """In every folder: its folders with what is below them, in order, and the experiments in it."""
    key, _, way = order.partition(" ")
    for folder in _FOLDERS:
        prefix = f"{folder}/" if folder else ""
        within = {name: split(name.removeprefix(prefix)) for name in names if name.startswith(prefix)}
        expected: dict[str, dict[str, Any]] = {}
        for name, parts in within.items():
            if len(parts) > 1:
                one = expected.setdefault(parts[0], {"name": parts[0], "experiments": 0, "last_activity_time": 0})
                one["experiments"] += 1
                one["last_activity_time"] = max(one["last_activity_time"], names[name])
        ordered = sorted(
            sorted(expected.values(), key=lambda one: one["name"]), key=lambda one: one[key], reverse=bool(way)
        )

        found = gate.ask(ListExperimentFolders(folder=folder, order_by=[order]))
        inside = gate.ask(SearchExperiments(filter=f"folder = '{folder}'"))
        outside = gate.ask(SearchExperiments(filter=f"folder != '{folder}'"))

        assert ordered == [
            {"name": one.name, "experiments": one.experiments, "last_activity_time": one.last_activity_time or 0}
            for one in found.folders
        ]
        assert {name for name, parts in within.items() if len(parts) == 1} == {one.name for one in inside.experiments}
        assert len(names) == len(inside.experiments) + len(outside.experiments)


def test_what_folders_cannot_be_asked(gate: Gate) -> None:
    """An order of experiments is none of folders."""
    with pytest.raises(InvalidParameter, match="Use one of: name, experiments, last_activity_time"):
        gate.perform(ListExperimentFolders(order_by=["runs"]))
    with pytest.raises(InvalidParameter):
        gate.perform(SearchExperiments(filter="folder LIKE 'a%'"))
