"""Which runs a search finds and in which order, on both databases."""

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.db.transaction import Transaction
from runyard.gate.gate import Gate
from runyard.tracking.inputs.entities import Dataset, DatasetInput, InputTag
from runyard.tracking.inputs.messages import LogInputs
from runyard.tracking.runs.conditions import on_all
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import CountRuns, CreateRun, DeleteRun, LogBatch, SearchRuns, UpdateRun
from runyard.tracking.runs.search import search_of
from runyard.tracking.runs.tables import runs
from tests.factories import a_point, a_run, an_experiment


@dataclass
class Story:
    """An experiment whose runs are known by one letter."""

    gate: Gate
    experiment: str
    letters: dict[str, str] = field(default_factory=dict)

    def run(self, letter: str, start_time: int, metrics: dict[str, float] | None = None, **texts: Any) -> str:
        """Add a run."""
        run_id = a_run(self.gate, self.experiment, run_name=letter, start_time=start_time)
        self.letters[run_id] = letter
        self.gate.perform(
            LogBatch(
                run_id=run_id,
                metrics=[a_point(key, value) for key, value in (metrics or {}).items()],
                params=[Param(key=key, value=value) for key, value in texts.get("params", {}).items()],
                tags=[Tag(key=key, value=value) for key, value in texts.get("tags", {}).items()],
            )
        )
        return run_id

    def page(self, text: str | None = None, *order_by: str, **fields: Any) -> tuple[str, str | None]:
        """The letters of the runs found, in order, and the next token."""
        answer = self.gate.perform(
            SearchRuns(experiment_ids=[self.experiment], filter=text, order_by=list(order_by), **fields)
        )
        letters = "".join(self.letters[run["info"]["run_id"]] for run in answer.get("runs", []))
        return letters, answer.get("next_page_token")

    def found(self, text: str | None = None, *order_by: str, **fields: Any) -> str:
        """The letters of the runs found, in order."""
        return self.page(text, *order_by, **fields)[0]

    def pages(self, size: int, text: str | None = None, *order_by: str, **fields: Any) -> list[str]:
        """The letters of each page until there is no token."""
        pages, token = [], None
        while True:
            letters, token = self.page(text, *order_by, max_results=size, page_token=token, **fields)
            pages.append(letters)
            if token is None:
                return pages


@pytest.fixture(scope="module")
def story(gate: Gate) -> Story:
    """Four runs that differ in everything, newest last; for tests that change nothing."""
    return a_story(gate)


@pytest.fixture
def own_story(gate: Gate) -> Story:
    """The same four runs, for a test that changes or adds some."""
    return a_story(gate)


def a_story(gate: Gate) -> Story:
    """Tell it."""
    story = Story(gate, an_experiment(gate))
    first = story.run(
        "A", 1, {"acc": 0.9, "m/x": 1}, params={"lr": "0.1", "opt": "Adam", "long": "x" * 300 + "1"}, tags={"k": "v1"}
    )
    second = story.run(
        "B", 2, {"acc": 0.5}, params={"lr": "0.2", "opt": "adam", "long": "x" * 300 + "2"}, tags={"k": "V1"}
    )
    story.run("C", 3, {"acc": float("nan")}, params={"lr": "0.3", "opt": "ÄDAM"}, tags={"z": "100%", "w": "a*b?[c]"})
    story.run("D", 4, {"acc": float("inf")}, tags={"z": "100x", "w": "a1b2c"})
    gate.perform(UpdateRun(run_id=second, status="FAILED", end_time=1_000))
    for run_id, name, context in ((first, "dsA", "train"), (first, "dsC", "eval"), (second, "dsB", "")):
        tags = [InputTag(key="mlflow.data.context", value=context)] if context else []
        dataset = Dataset(name=name, digest=f"digest {name}", source_type="local", source="s")
        gate.perform(LogInputs(run_id=run_id, datasets=[DatasetInput(dataset=dataset, tags=tags)]))
    return story


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        (None, "DCBA"),
        ("metrics.acc > 0.6", "DA"),
        ("metrics.acc >= 0.5", "DBA"),
        ("metrics.acc < 1e3", "BA"),
        ("metrics.acc = 0.9", "A"),
        ("metrics.acc <= 0.5", "B"),
        ("metrics.acc != 0.9", "DCB"),
        ("metrics.acc = 1e999", "D"),
        ("metrics.acc < 1e999", "BA"),
        ("metrics.`m/x` = 1", "A"),
        ("metrics.nope != 1", ""),
        ("params.lr = '0.1'", "A"),
        ("params.lr != '0.1'", "CB"),
        ("params.opt LIKE 'A%'", "A"),
        ("params.opt LIKE '_dam'", "BA"),
        ("params.opt ILIKE 'a%'", "BA"),
        ("params.opt ILIKE 'ä%'", "C"),
        ("params.opt ILIKE '_DAM'", "CBA"),
        ("params.opt IS NULL", "D"),
        ("params.opt IS NOT NULL", "CBA"),
        ("params.lr = '0.1' AND params.lr = '0.2'", ""),
        ("params.long LIKE '%1'", "A"),
        ("tags.k = 'v1'", "A"),
        ("tags.k = 'V1'", "B"),
        ("tags.k = ''", ""),
        ("tags.k != 'v1'", "B"),
        ("tags.k LIKE 'v_'", "A"),
        ("tags.k ILIKE 'V1'", "BA"),
        ("tags.k IS NULL", "DC"),
        ("tags.z LIKE '100%'", "DC"),
        ("tags.z = '100%'", "C"),
        ("tags.z LIKE '100\\%'", ""),
        ("tags.w LIKE 'a*b?[c]'", "C"),
        ("tags.w LIKE 'a_b%'", "DC"),
        ("tags.w LIKE '%[c]'", "C"),
        ("tags.mlflow.runName = 'A'", "A"),
        ("status = 'FAILED'", "B"),
        ("status = 'failed'", ""),
        ("status != 'FAILED'", "DCA"),
        ("run_name LIKE 'a'", ""),
        ("run_name ILIKE 'a'", "A"),
        ("artifact_uri LIKE '%artifacts'", "DCBA"),
        ("start_time > 1 AND start_time <= 3", "CB"),
        ("start_time >= 2.5", "DC"),
        ("start_time < 1e300", "DCBA"),
        ("start_time = -9223372036854775808", ""),
        ("end_time > 0", "B"),
        ("end_time != 0", "B"),
        ("dataset.name = 'dsA'", "A"),
        ("dataset.name != 'dsA'", "BA"),
        ("dataset.name ILIKE 'DS%'", "BA"),
        ("dataset.name IN ('dsB', 'dsC')", "BA"),
        ("dataset.name NOT IN ('dsA', 'dsB')", "A"),
        ("dataset.digest LIKE '%dsB'", "B"),
        ("dataset.context = 'eval'", "A"),
        ("dataset.context NOT IN ('x')", "A"),
    ],
)
def test_a_filter_finds(story: Story, text: str | None, letters: str) -> None:
    """Each condition finds the runs for which it holds; a lacking key makes it false, but for IS NULL."""
    assert letters == story.found(text)
    count = story.gate.perform(CountRuns(experiment_ids=[story.experiment], filter=text))["count"]
    assert len(letters) == count


def test_values_that_differ_behind_the_indexed_part(story: Story) -> None:
    """The index holds 200 characters of a text; equality compares all of it."""
    assert "A" == story.found(f"params.long = '{'x' * 300}1'")
    assert "" == story.found(f"params.long = '{'x' * 300}'")


def test_ids_in_a_list(story: Story) -> None:
    """IN and NOT IN take run ids."""
    ids = {letter: run_id for run_id, letter in story.letters.items()}
    assert "BA" == story.found(f"run_id IN ('{ids['A']}', '{ids['B']}')")
    assert "DC" == story.found(f"run_id NOT IN ('{ids['A']}', '{ids['B']}')")


@pytest.mark.parametrize(
    ("order_by", "letters"),
    [
        ([], "DCBA"),
        (["metrics.acc"], "BADC"),
        (["metrics.acc DESC"], "DABC"),
        (["metrics.`m/x`"], "ADCB"),
        (["metrics.`m/x` DESC"], "ADCB"),
        (["metrics.nope"], "DCBA"),
        (["params.lr"], "ABCD"),
        (["params.lr DESC"], "CBAD"),
        (["params.opt"], "ABCD"),
        (["tags.k"], "BADC"),
        (["tags.k DESC"], "ABDC"),
        (["run_name"], "ABCD"),
        (["start_time"], "ABCD"),
        (["end_time"], "BDCA"),
        (["end_time DESC"], "BDCA"),
        (["status"], "BDCA"),
        (["status", "run_name"], "BACD"),
        (["tags.z DESC", "metrics.acc"], "DCBA"),
        (["user_id", "params.lr DESC"], "CBAD"),
    ],
)
def test_an_order_puts(story: Story, order_by: list[str], letters: str) -> None:
    """What runs lack comes last in both directions, NaN just before; ties go newest first."""
    assert letters == story.found(None, *order_by)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize(
    "order_by",
    [
        [],
        ["metrics.acc"],
        ["metrics.acc DESC"],
        ["params.opt"],
        ["params.opt DESC", "run_id DESC"],
        ["tags.k", "metrics.acc DESC"],
        ["end_time"],
        ["end_time DESC"],
        ["start_time"],
        ["run_id"],
        ["run_name DESC"],
    ],
    ids=str,
)
def test_pages_hold_every_run_once_in_order(story: Story, order_by: list[str], size: int) -> None:
    """However the runs are ordered, and also when NaN, infinity or nothing stands at a page's end."""
    whole = story.found(None, *order_by)
    pages = story.pages(size, None, *order_by)
    assert whole == "".join(pages)
    assert [size] * (len(pages) - 1) == [len(page) for page in pages[:-1]]


def test_no_token_when_a_page_ends_at_the_last_run(story: Story) -> None:
    """A client that got everything does not ask again."""
    assert ("DCBA", None) == story.page(max_results=4)
    assert ["DC", "BA"] == story.pages(2)


def test_offset_tokens_of_mlflow_are_taken(story: Story) -> None:
    """A client may come with a token that counts rows; past the end there is nothing."""
    assert ("BA", None) == story.page(page_token="eyJvZmZzZXQiOiAyfQ==")
    assert ("", None) == story.page(page_token="eyJvZmZzZXQiOiA5OX0=")
    letters, token = story.page(page_token="eyJvZmZzZXQiOiAyfQ==", max_results=1)
    assert ("B", "A") == (letters, story.found(page_token=token))


def test_runs_that_come_while_paging_do_not_shift_the_pages(own_story: Story) -> None:
    """A page begins behind the last run seen, however many came before it."""
    first, token = own_story.page(max_results=2)
    own_story.run("E", 5)
    assert ("DC", "BA") == (first, own_story.found(max_results=2, page_token=token))


def test_runs_of_one_start_time_go_by_id(gate: Gate) -> None:
    """Ties are broken alike on both databases, and pages cut through them."""
    story = Story(gate, an_experiment(gate))
    for letter in "ABCDEFG":
        story.run(letter, 7)
    by_id = "".join(letter for _, letter in sorted(story.letters.items()))
    assert by_id == story.found() == "".join(story.pages(2)) == "".join(story.pages(3, None, "start_time"))


def test_texts_are_ordered_by_their_characters_numbers(gate: Gate) -> None:
    """Not by a language's rules, which differ from machine to machine."""
    story = Story(gate, an_experiment(gate))
    values = ["", " ", "A", "Z", "_", "a", "aB", "b", "ä", "日", "😀"]
    for letter, value in zip("ABCDEFGHIJK", values, strict=True):
        story.run(letter, 0, params={"p": value})
    assert "ABCDEFGHIJK" == story.found(None, "params.p") == "".join(story.pages(2, None, "params.p"))
    assert "KJIHGFEDCBA" == "".join(story.pages(2, None, "params.p DESC"))


def test_views(own_story: Story) -> None:
    """Active runs, deleted ones, or both; each also in pages."""
    deleted = next(run_id for run_id, letter in own_story.letters.items() if letter == "C")
    own_story.gate.perform(DeleteRun(run_id=deleted))
    assert ["DBA", "C", "DCBA"] == [
        own_story.found(run_view_type=view) for view in ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")
    ]
    assert ["D", "C", "B", "A"] == own_story.pages(1, run_view_type="ALL")


def test_many_experiments_at_once(story: Story) -> None:
    """More experiments than a statement may have values; unknown ones have no runs."""
    others = [str(number) for number in range(1_000_000, 1_070_000)]
    message = SearchRuns(experiment_ids=[*others, story.experiment], filter="start_time > 1", max_results=2)
    answer = story.gate.perform(message)
    assert "DC" == "".join(story.letters[run["info"]["run_id"]] for run in answer["runs"])
    assert 3 == story.gate.perform(CountRuns(experiment_ids=message.experiment_ids, filter=message.filter))["count"]


def test_a_hundred_conditions_and_twenty_orders(story: Story) -> None:
    """The most that is taken is also answered."""
    conditions = itertools.islice(
        itertools.cycle(["metrics.acc != 7", "params.opt ILIKE '%a%'", "tags.k IS NOT NULL", "tags.k LIKE '%1'"]), 100
    )
    orders = [f"{kind}.o{number} DESC" for kind in ("metrics", "params") for number in range(10)]
    assert "BA" == story.found(" AND ".join(conditions), *orders)
    assert ["B", "A"] == story.pages(1, "tags.k IS NOT NULL", *orders)


@pytest.mark.parametrize("letter", ["*", "?", "[", "ß", "İ", "ΐ", "%", "_", "😀", "]"])
@pytest.mark.parametrize("operator", ["LIKE", "ILIKE"])
def test_patterns_as_long_as_a_filter_may_be(own_story: Story, letter: str, operator: str) -> None:
    """Whatever they are made of, both databases take them."""
    own_story.run("E", 5, tags={"long": letter * 5_000})
    assert "E" == own_story.found(f"tags.long {operator} '{letter * 5_000}'")
    assert len(own_story.found(f"tags.long {operator} '{letter * 9_900}'")) <= 1


def test_a_pattern_that_could_backtrack_for_ever(own_story: Story) -> None:
    """Many wildcards against a long text that almost matches: answered in the time of any other search."""
    own_story.run("E", 5, tags={"long": "a" * 60_000})
    assert "" == own_story.found(f"tags.long LIKE '{'%a' * 40}%b'")
    assert "E" == own_story.found(f"tags.long LIKE '{'%a' * 40}%'")


def test_a_new_run_without_times_is_found(gate: Gate) -> None:
    """Start time 0 is a time like others."""
    experiment = an_experiment(gate)
    run_id = gate.perform(CreateRun(experiment_id=experiment, start_time=0))["run"]["info"]["run_id"]
    found = gate.perform(SearchRuns(experiment_ids=[experiment], filter="start_time = 0", order_by=["end_time"]))
    assert [run_id] == [run["info"]["run_id"] for run in found["runs"]]


@pytest.mark.parametrize("gate", ["sqlite"], indirect=True)  # PostgreSQL plans by the size of its tables
@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("params.lr = '0.1'", "ix_run_params_key_value (key=? AND <expr>=?)"),
        (f"tags.k = '{'x' * 300}'", "ix_run_tags_key_value (key=? AND <expr>=?)"),
        ("metrics.acc > 0.5", "ix_metric_series_key_value (key=? AND value>?)"),
        ("metrics.acc = 0.5", "ix_metric_series_key_value (key=? AND value=?)"),
        ("run_name != ''", "(experiment_id=? AND lifecycle_stage=?)"),
    ],
)
def test_sqlite_answers_equality_and_ranges_from_an_index(gate: Gate, text: str, index: str) -> None:
    """SQLite is easily led to read every row with the key, which is ten times slower; so look at its plan."""
    with gate.engines.reading.connect() as connection:
        search = search_of(Transaction(connection, gate.settings), ["1"], "ACTIVE_ONLY", text)
        conditions = on_all(search.conditions, search.view, "sqlite")
        chosen = sa.select(runs.c.id).where(*conditions).compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {chosen}")]
    assert index in "\n".join(plan)
