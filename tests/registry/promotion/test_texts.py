"""Params and tags in conditions, compared as in searches on both databases, and refused with the place of the error."""

import re
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import Conflict
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion, SetModelVersionTag
from runyard.registry.promotion.condition import parse_condition
from runyard.search.errors import InvalidSearch
from runyard.tracking.logged_models.entities import LoggedModelParameter
from runyard.tracking.logged_models.messages import CreateLoggedModel
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.messages import LogParam, SetTag
from tests.factories import NOW, a_run
from tests.registry.promotion.building import MODEL, a_model, moves, promote


def a_version(gate: Gate, params: dict[str, str], tags: dict[str, str], own: dict[str, str]) -> str:
    """Add a version whose run has these params and tags, and that has tags of its own."""
    run_id = a_run(gate, "0", tags=tags)
    for key, value in params.items():
        gate.perform(LogParam(run_id=run_id, key=key, value=value))
    gate.perform(LogMetric(run_id=run_id, key="f1", value=0.9, timestamp=NOW))
    message = CreateModelVersion(name=MODEL, source=f"runs:/{run_id}/model", run_id=run_id, tags=[Tag(*own.popitem())])
    return str(gate.perform(message)["model_version"]["version"])


@pytest.fixture
def champion(gate: Gate) -> str:
    """A version that has the alias champion."""
    a_model(gate)
    params = {"data": "2026-11", "lr": "0.01", "note": "it's 50% *new*"}
    version = a_version(gate, params, {"team": "vision", "site": "run"}, {"site": "Version"})
    promote(gate, version, "metrics.f1 > 0.8")
    return version


# Each with whether it holds of a version with params data, lr and note, and tags team and site.
CONDITIONS = [
    ("params.data = '2026-11' and tags.team = \"vision\"", True),
    ("params.data == '2026-10'", False),
    ("params.data != '2026-10'", True),
    ("tags.site = 'Version'", True),
    ("tags.team in ('nlp', 'vision') and params.data not in ('2026-09',)", True),
    ("tags.team not in ('nlp', 'vision')", False),
    ("tags.site like 'Ver%' and tags.site not like 'ver%' and tags.site ilike 'ver%'", True),
    ("tags.site ~ '^V.r' and tags.site !~ 'x$'", True),
    ("tags.site ~ '^x'", False),
    ("params.lr < 0.02 and params.lr > -1 and params.lr between 1e-2 and 0.1", True),
    ("params.lr in (0.1, 0.01)", True),
    ("params.lr not between 0.001 and 0.02", False),
    ("params.note = 'it''s 50% *new*'", False),  # as in MLflow a doubled quote stands for two
    ("params.note = E'it\\'s 50% *new*'", True),
    ("params.note like '%*new*' and params.`note` is not null", True),
    ("tags.reviewed is null and metrics.accuracy is null and metrics.f1 is not null", True),
    ("tags.reviewed is not null", False),
    ("not tags.reviewed is not null", True),
    ("not params.data = '2026-10' and not (tags.team like 'n%' or params.lr > 1)", True),
    ("not params.missing = 'x'", False),
    ("not (params.lr between 0.001 and 0.02)", False),
    ("params.missing != 'x' or (metrics.f1 > 0.8 and tags.team = 'vision')", True),
    ("metrics.f1 in (0.5, 0.9) and metrics.f1 not in (1, 2)", True),
    ("metrics.f1 not in (0.5, 0.9)", False),
    ("params.data = champion.params.data and current.params.lr = params.lr", True),
    ("champion.tags.team = 'vision' and champion.metrics.f1 = champion.f1", True),
    ("params.data > 1", False),
]


def test_texts_are_compared_as_in_searches(gate: Gate, champion: str) -> None:
    """One language everywhere: what finds a run is what lets it through."""
    answers = {text: promote(gate, champion, text, alias="checked", dry_run=True) for text, _ in CONDITIONS}

    assert dict(CONDITIONS) == {text: answer["holds"] for text, answer in answers.items()}


def test_the_answer_says_what_the_texts_are(gate: Gate, champion: str) -> None:
    """A pipeline shows why a version was kept back. A tag that comes later lets it through."""
    second = a_version(gate, {"data": "2026-12"}, {"team": "nlp"}, {"site": "two"})
    condition = (
        "metrics.f1 > 0.8 and params.data = champion.params.data and tags.reviewed = 'yes' and params.lr is null"
    )

    answer = promote(gate, second, condition)

    assert (False, False) == (answer["holds"], answer["promoted"])
    assert {"metrics.f1": 0.9} == answer["figures"]
    assert {
        "params.data": "2026-12",
        "champion.params.data": "2026-11",
        "tags.reviewed": None,
        "params.lr": None,
    } == answer["texts"]
    assert [
        None,
        "params.data is '2026-12' and champion.params.data is '2026-11'",
        "version 2 has no tag 'reviewed'",
        None,
    ] == [one.get("reason") for one in answer["comparisons"]]
    with pytest.raises(Conflict, match=re.escape("tags.reviewed = 'yes' (version 2 has no tag 'reviewed')")):
        promote(gate, second, condition, fail=True)
    gate.perform(SetModelVersionTag(name=MODEL, version=second, key="reviewed", value="yes"))
    assert promote(gate, second, "tags.reviewed = 'yes' and params.data != champion.params.data")["promoted"]
    assert "tags.reviewed = 'yes' and params.data != champion.params.data" == moves(gate)[0]["condition"]
    again = promote(gate, second, "tags.reviewed = 'yes' and params.data != champion.params.data")
    assert "the version holds it already: a comparison with itself" == again["comparisons"][1]["reason"]


def test_a_holder_that_is_not_there_yet(gate: Gate, champion: str) -> None:
    """As with metrics: only what is being moved may have none. A logged model's params win over its run's."""
    rival = "params.data = rival.params.data"
    assert promote(gate, champion, rival, alias="rival", dry_run=True)["holds"]
    assert not promote(gate, champion, rival, alias="other", dry_run=True)["holds"]
    assert promote(gate, champion, "rival.tags.x is null", alias="rival", dry_run=True)["holds"]
    assert not promote(gate, champion, "rival.tags.x is null", alias="rival", if_no_holder="fail", dry_run=True)[
        "holds"
    ]
    run_id = a_run(gate, "0")
    gate.perform(LogParam(run_id=run_id, key="data", value="of the run"))
    gate.perform(SetTag(run_id=run_id, key="team", value="run's"))
    given: list[Any] = [LoggedModelParameter(key="data", value="of the model")]
    made = gate.perform(CreateLoggedModel(experiment_id="0", source_run_id=run_id, params=given))
    model_id = made["model"]["info"]["model_id"]
    version = gate.perform(CreateModelVersion(name=MODEL, source=f"models:/{model_id}", model_id=model_id))
    number = str(version["model_version"]["version"])
    answer = promote(gate, number, "params.data = 'of the model' and tags.team = E'run\\'s'", dry_run=True)
    assert answer["holds"], answer


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("params.lr + 1 > 2", "Param 'lr' is a text: there is no arithmetic with it. (character 11)"),
        ("metrics.f1 > params.lr", "params.lr is a text: compare it by itself"),
        ("params.lr > '3'", "Param 'lr' is compared as a number here: leave out the quotes. (character 13)"),
        ("params.lr = metrics.f1", "A text in quotes, a number, or a param or tag"),
        ("tags.team ~ '('", "in this regular expression. (character 14)"),
        ("tags.team in ()", "The list is empty"),
        ("tags.team in ('a' 'b')", "A comma or the closing bracket is needed here. (character 19)"),
        ("tags.team", "A comparator such as =, !=, >, LIKE, IN or IS NULL is needed here. (character 10)"),
        ("tags.team like vision", "The pattern for tag 'team' must be in quotes. (character 16)"),
        ("tags.team is 5", "A comparator such as"),
        ("metrics.f1 ~ '5'", "Metrics are numbers: ~ and !~ are for params and tags. (character 12)"),
        ("metrics.f1 + 1 is null", "IS NULL asks whether one metric is there, not a calculation. (character 1)"),
        ("metrics.f1 in ('a')", "A list holds numbers and ends with a closing bracket. (character 16)"),
        ("tags.team = 'x' tags.b = 'y'", "Join comparisons with AND or OR"),
        ("params. = 'x'", "The key of a metric is needed directly after the dot."),
        ("tags.team = 'x", "The quote ' is not closed. (character 13)"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_its_place(condition: str, problem: str) -> None:
    """A condition stands in a pipeline's file: its author needs the character."""
    with pytest.raises(InvalidSearch, match=re.escape(problem)):
        parse_condition(condition)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params.a.b > 1", ("candidate", "", "a.b", "param")),
        ("champion.tags.`a b` = 'x'", ("alias", "champion", "a b", "tag")),
        ("current.params.params = 'x'", ("current", "", "params", "param")),
        ("champion.params > 1", ("alias", "champion", "params", "metric")),
        ("`params`.lr > 1", ("alias", "params", "lr", "metric")),
        ("champion.metrics.params.lr > 1", ("alias", "champion", "params.lr", "metric")),
        ("in.f1 > 1", ("alias", "in", "f1", "metric")),
    ],
)
def test_names_are_of_metrics_unless_they_say_otherwise(text: str, expected: tuple[str, ...]) -> None:
    """An alias may have any name, and a metric any key."""
    [part] = parse_condition(text)
    [named] = part.metrics()
    assert expected == (named.whose, named.alias, named.key, named.kind)
