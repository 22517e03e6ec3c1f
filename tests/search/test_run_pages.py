"""Every page of runs, whatever order and filter: as a plain reading of all runs has it."""

import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from runyard.core.clock import now_ms
from runyard.db.paging import encode_token
from runyard.gate.gate import Gate
from runyard.tracking.runs import newest, ranges, search, walks
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import CountRuns, DeleteRun, LogBatch, SearchRuns, UpdateRun
from tests.factories import a_point, a_run, an_experiment

pytestmark = pytest.mark.slow

LONG = "x" * 200
TEXTS = ["a", "b", "ä", "B", "", LONG + "a", LONG + "b", LONG, "a" * 199]
NUMERALS = ["1e-05", "0.001", "0.1", "1e-1", " 12 ", "-3", "+2", "0x10", "1e400", "nan", "5.", ".5", "1e-1 x"]
NUMERALS += [":", "9", "/", "-", "\u20035", "\t7", "(1, 2)", "adam"]


@dataclass
class KnownRun:
    """What the test knows of a run."""

    run_id: str
    experiment: str
    name: str
    user: str
    start: int
    end: int | None
    deleted: bool
    status: str
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Store:
    """Two experiments with the same keys, and their runs."""

    gate: Gate
    experiment: str
    other: str
    runs: list[KnownRun]

    def of(self, experiments: list[str]) -> list[KnownRun]:
        """The runs of some experiments."""
        return [run for run in self.runs if run.experiment in experiments]

    def pages(
        self, experiments: list[str], size: int, text: str, order_by: list[str], view: str
    ) -> Iterator[list[str]]:
        """The ids of each page; each but the first comes by the token of the one before."""
        token = None
        while True:
            answer = self.gate.perform(
                SearchRuns(
                    experiment_ids=experiments, filter=text, order_by=order_by, max_results=size,
                    run_view_type=view, page_token=token,
                )
            )  # fmt: skip
            yield [run["info"]["run_id"] for run in answer.get("runs", [])]
            token = answer.get("next_page_token")
            if token is None:
                return


def a_store(gate: Gate, seed: int, number: int = 60) -> Store:
    """Runs that share values, start times and keys; a third of them belong to another experiment."""
    chance = random.Random(seed)
    store = Store(gate, an_experiment(gate), an_experiment(gate), [])
    for _ in range(number):
        mine = chance.random() < 0.7
        start, end = chance.randrange(8), chance.choice([None, 5, 6, 7])
        name = chance.choice(["n", "m", "N", LONG + "n", f"r{chance.random()}"])
        values = [chance.choice([0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan, chance.random()]) for _ in "mn"]
        metrics = {key: value for key, value in zip("mn", values, strict=True) if chance.random() < 0.8}
        params = {key: chance.choice([*TEXTS, str(chance.random())]) for key in "pq" if chance.random() < 0.7}
        params |= {key: chance.choice([*NUMERALS, "", "a"]) for key in "z" if chance.random() < 0.9}
        tags = {key: chance.choice(TEXTS) for key in "tu" if chance.random() < 0.7}
        experiment = store.experiment if mine else store.other
        user = chance.choice(["", "ann", "Bob", "ä"])
        run_id = a_run(gate, experiment, tags, run_name=name, start_time=start, user_id=user)
        points = [a_point(key, value) for key, value in metrics.items()]
        gate.perform(LogBatch(run_id=run_id, metrics=points, params=[Param(key=k, value=v) for k, v in params.items()]))
        status = "RUNNING" if end is None else chance.choice(["FINISHED", "FAILED"])
        if end is not None:
            gate.perform(UpdateRun(run_id=run_id, status=status, end_time=end))
        if deleted := chance.random() < 0.15:
            gate.perform(DeleteRun(run_id=run_id))
        store.runs.append(KnownRun(run_id, experiment, name, user, start, end, deleted, status, metrics, params, tags))
    return store


def by(kind: str, key: str, descending: bool) -> Callable[[KnownRun], object]:
    """A sort key: values first, then NaN, then what is missing."""

    def rank(run: KnownRun) -> object:
        if kind == "numbers":
            text = run.params.get(key)
            if text is None:
                return (2, 0)
            found = text if math.isnan(numeral(text)) else numeral(text)
            return (isinstance(found, str), Reversed(found) if descending else found)
        if key == "duration":
            lasted = (ALWAYS if run.end is None else run.end) - run.start
            return (0, Reversed(lasted) if descending else lasted)
        value = getattr(run, kind).get(key) if kind in {"metrics", "params", "tags"} else getattr(run, key)
        if value is None:
            return (2, 0)
        if value != value:
            return (1, 0)
        return (0, Reversed(value) if descending else value)

    return rank


NUMERAL = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*", re.ASCII)


def numeral(text: str) -> float:
    """The number that a param is; NaN for any other text."""
    return float(text) if NUMERAL.fullmatch(text) and abs(float(text)) < 1e308 else math.nan


ALWAYS = 10**15
"""Later than anything that happens here."""


@dataclass(frozen=True)
class Reversed:
    """A value that sorts the other way round."""

    value: float | str

    def __lt__(self, other: "Reversed") -> bool:
        return other.value < self.value  # type: ignore[operator]


ORDERS = {
    "": [],
    "metrics.m": [("metrics", "m", False)],
    "metrics.m DESC": [("metrics", "m", True)],
    "params.p": [("params", "p", False)],
    "params.p DESC": [("params", "p", True)],
    "tags.t": [("tags", "t", False)],
    "tags.none DESC": [("tags", "none", True)],
    "metrics.n DESC, params.q": [("metrics", "n", True), ("params", "q", False)],
    "tags.t, metrics.m DESC": [("tags", "t", False), ("metrics", "m", True)],
    "number(params.z), tags.t DESC, start_time DESC": [
        ("numbers", "z", False),
        ("tags", "t", True),
        ("attribute", "start", True),
    ],
    "params.q DESC, duration": [("params", "q", True), ("attribute", "duration", False)],
    "tags.u, start_time": [("tags", "u", False), ("attribute", "start", False)],
    "start_time": [("attribute", "start", False)],
    "end_time DESC": [("attribute", "end", True)],
    "end_time": [("attribute", "end", False)],
    "run_name": [("attribute", "name", False)],
    "run_name DESC": [("attribute", "name", True)],
    "duration": [("attribute", "duration", False)],
    "duration DESC": [("attribute", "duration", True)],
    "duration DESC, metrics.m": [("attribute", "duration", True), ("metrics", "m", False)],
    "number(params.z)": [("numbers", "z", False)],
    "params.z": [("params", "z", False)],
    "number(params.z) DESC": [("numbers", "z", True)],
    "number(params.p) DESC, number(params.z)": [("numbers", "p", True), ("numbers", "z", False)],
    "status, metrics.m": [("attribute", "status", False), ("metrics", "m", False)],
    "status": [("attribute", "status", False)],
    "user_id": [("attribute", "user", False)],
    "user_id DESC, metrics.m": [("attribute", "user", True), ("metrics", "m", False)],
    "run_id": [("attribute", "run_id", False)],
    "run_id DESC": [("attribute", "run_id", True)],
    "status DESC, start_time DESC": [("attribute", "status", True)],
    "tags.none DESC, start_time DESC": [("tags", "none", True)],
    "tags.t DESC, start_time DESC, params.p": [
        ("tags", "t", True),
        ("attribute", "start", True),
        ("params", "p", False),
    ],
    "tags.t, status DESC, params.p": [("tags", "t", False), ("attribute", "status", True), ("params", "p", False)],
    "metrics.n, end_time DESC, metrics.m": [
        ("metrics", "n", False),
        ("attribute", "end", True),
        ("metrics", "m", False),
    ],
    "end_time, metrics.m DESC": [("attribute", "end", False), ("metrics", "m", True)],
    "run_name, number(params.z) DESC": [("attribute", "name", False), ("numbers", "z", True)],
    "number(params.z), run_name": [("numbers", "z", False), ("attribute", "name", False)],
}

FILTERS: dict[str, Callable[[KnownRun], bool]] = {
    "": lambda run: True,
    "metrics.m > 0": lambda run: run.metrics.get("m", math.nan) > 0,
    "metrics.m <= 0 and params.p != 'a'": lambda run: (
        run.metrics.get("m", math.nan) <= 0 and run.params.get("p", "a") != "a"
    ),
    "metrics.m != 1.5": lambda run: "m" in run.metrics and run.metrics["m"] != 1.5,
    "metrics.n = 0": lambda run: run.metrics.get("n") == 0,
    "params.p = 'a'": lambda run: run.params.get("p") == "a",
    f"params.p = '{LONG}b'": lambda run: run.params.get("p") == f"{LONG}b",
    "tags.t IS NULL": lambda run: "t" not in run.tags,
    "params.p IS NOT NULL and tags.u = 'ä'": lambda run: "p" in run.params and run.tags.get("u") == "ä",
    "tags.t LIKE '%a%'": lambda run: "a" in run.tags.get("t", ""),
    "tags.t LIKE 'xx%' and metrics.m >= 0": lambda run: (
        run.tags.get("t", "").startswith("xx") and run.metrics.get("m", math.nan) >= 0
    ),
    "run_name = 'n'": lambda run: run.name == "n",
    f"run_name = '{LONG}n'": lambda run: run.name == f"{LONG}n",
    "run_name LIKE 'x%'": lambda run: run.name.startswith("x"),
    "run_name LIKE '%none%'": lambda run: False,
    "run_name LIKE '%n' and metrics.m != 0": lambda run: run.name.endswith("n") and run.metrics.get("m", 0) != 0,
    "params.p LIKE 'a%' and tags.u LIKE '%'": lambda run: run.params.get("p", "").startswith("a") and "u" in run.tags,
    "tags.u NOT LIKE 'ä%' and metrics.m > 0": lambda run: (
        not run.tags.get("u", "ä").startswith("ä") and run.metrics.get("m", math.nan) > 0
    ),
    "metrics.m > -1.5 and metrics.n <= 1 and metrics.n >= 0": lambda run: (
        run.metrics.get("m", math.nan) > -1.5 and 0 <= run.metrics.get("n", math.nan) <= 1
    ),
    "metrics.m > -1 and metrics.m < 1": lambda run: -1 < run.metrics.get("m", math.nan) < 1,
    "status = 'FAILED'": lambda run: run.status == "FAILED",
    "user_id = 'ann'": lambda run: run.user == "ann",
    "user_id = 'ä' and metrics.m < 1": lambda run: run.user == "ä" and run.metrics.get("m", math.nan) < 1,
    "params.z >= 0.1": lambda run: numeral(run.params.get("z", "")) >= 0.1,
    "params.z > -5 and params.z < 0.5": lambda run: -5 < numeral(run.params.get("z", "")) < 0.5,
    "params.z = 12 or end_time = 5": lambda run: numeral(run.params.get("z", "")) == 12 or run.end == 5,
    "end_time > 5 and end_time <= 6": lambda run: run.end == 6,
    "run_name ~ '^x+n$' and metrics.m != 7": lambda run: run.name == f"{LONG}n" and "m" in run.metrics,
    "run_name ~ '[0-9]\\.[0-9]+' or run_name ~ 'xxxn'": lambda run: "." in run.name or run.name == f"{LONG}n",
    "params.z IS NULL or params.z = 'nan'": lambda run: run.params.get("z", "nan") == "nan",
    "params.z = '1e-05' and duration < 1000w": lambda run: run.params.get("z") == "1e-05" and run.end is not None,
    "end_time >= 6 and start_time < 6": lambda run: run.end is not None and run.end >= 6 and run.start < 6,
}

VIEWS = {"ACTIVE_ONLY": [False], "DELETED_ONLY": [True], "ALL": [False, True]}


@pytest.mark.parametrize("limit", [3, 15, None])
def test_pages_are_those_of_a_plain_reading(gate: Gate, limit: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a page is found, by a range of an index, by walking through one or by reading all, it is the same."""
    if limit is not None:  # so that sixty runs are many
        monkeypatch.setattr(ranges, "MAX_FOUND", limit)
        monkeypatch.setattr(ranges, "MAX_VALUES", limit)
        monkeypatch.setattr(walks, "MAX_GROUP", 2 * limit)
        monkeypatch.setattr(search, "FIRST_STEP", limit)
        monkeypatch.setattr(search, "MAX_NEWEST", 3 * limit)
        monkeypatch.setattr(search, "MAX_WALKED", 4 * limit)
        monkeypatch.setattr(search, "MAX_EXPECTED", 6 * limit)
        monkeypatch.setattr(search, "_SPARE", 0)
        monkeypatch.setattr(newest, "_BESIDE", 0)
    chance = random.Random(limit)
    store = a_store(gate, seed=limit or 0)
    for text, matches in FILTERS.items():
        for order_by, terms in chance.sample(list(ORDERS.items()), 2):
            view = chance.choice(["ACTIVE_ONLY", "ACTIVE_ONLY", "DELETED_ONLY", "ALL"])
            experiments = chance.choice([[store.experiment], [store.other, store.experiment]])
            found = [run for run in store.of(experiments) if run.deleted in VIEWS[view] and matches(run)]
            keys = [by(*term) for term in terms] + [by("attribute", "start", True), by("attribute", "run_id", False)]
            expected = [run.run_id for run in sorted(found, key=lambda run: [key(run) for key in keys])]
            # pages of one run each would be thousands of requests: all the way only where nothing is filtered
            size = max(chance.choice([1, 2, 3, 7, 20, 100]), len(found) // 3 if text else 1)
            wanted = [each for each in order_by.split(", ") if each]

            pages = list(store.pages(experiments, size, text, wanted, view))

            asked = (text, order_by, size, view, len(experiments))
            assert expected == [run_id for page in pages for run_id in page], asked
            assert all(len(page) == size for page in pages[:-1])
            skipped = chance.randrange(1, 30)
            answer = gate.perform(
                SearchRuns(
                    experiment_ids=experiments, filter=text, order_by=wanted, max_results=5,
                    run_view_type=view, page_token=encode_token({"offset": skipped}),
                )
            )  # fmt: skip
            assert expected[skipped : skipped + 5] == [run["info"]["run_id"] for run in answer.get("runs", [])]
        counted = CountRuns(experiment_ids=[store.experiment], filter=text)
        active = [run for run in store.of([store.experiment]) if not run.deleted and matches(run)]
        assert len(active) == gate.perform(counted)["count"]


@pytest.mark.parametrize("descending", [False, True])
def test_runs_that_go_on_stand_among_those_that_have_ended(
    gate: Gate, descending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By how long they have lasted, whichever of both fills a page first."""
    monkeypatch.setattr(ranges, "MAX_FOUND", 2)
    monkeypatch.setattr(search, "FIRST_STEP", 3)
    monkeypatch.setattr(search, "_SPARE", 0)
    chance, experiment, now, minutes = random.Random(descending), an_experiment(gate), now_ms(), {}
    for lasted in chance.sample(range(1, 1000), 40):
        goes_on = chance.random() < 0.5
        start = now - 60_000 * lasted if goes_on else chance.randrange(now)
        run_id = a_run(gate, experiment, start_time=start)
        if not goes_on:
            gate.perform(UpdateRun(run_id=run_id, status="FINISHED", end_time=start + 60_000 * lasted))
        minutes[run_id] = lasted
    expected = sorted(minutes, key=lambda run_id: minutes[run_id] * (-1 if descending else 1))

    order_by = ["duration DESC" if descending else "duration"]
    pages = Store(gate, experiment, "", []).pages([experiment], 7, "", order_by, "ACTIVE_ONLY")

    assert expected == [run_id for page in pages for run_id in page]
