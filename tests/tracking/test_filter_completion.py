"""Ways to go on with a filter, on both databases."""

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion
from runyard.registry.registered_models.messages import CreateRegisteredModel
from runyard.search.errors import InvalidSearch
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.messages import SetExperimentTag
from runyard.tracking.filters.messages import CompleteFilter, ExplainFilter, FindKeys
from runyard.tracking.filters.sources import SOURCES
from runyard.tracking.logged_models.messages import CreateLoggedModel
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_point, a_run, an_experiment


@pytest.fixture(autouse=True)
def runs(gate: Gate) -> None:
    """Two runs with a few keys and values."""
    for number, optimizer in enumerate(("adam", "it's adam")):
        batch = LogBatch(
            run_id=a_run(gate, an_experiment(gate, f"vision {number}")),
            metrics=[a_point("accuracy"), a_point("val/loss"), a_point("val/acc")],
            params=[Param(key="optimizer", value=optimizer), Param(key="opt name", value="x" * 300)],
            tags=[Tag(key="team", value="red")],
        )
        gate.perform(batch)


def asked(gate: Gate, text: str) -> tuple[str, list[str]]:
    """What is written when the first completion is taken, and all completions, at the end of a text or at ``|``."""
    before, _, after = text.partition("|")
    answer = gate.ask(CompleteFilter(filter=before + after, position=len(before)))
    found = [one.text for one in answer.completions]
    return before[: answer.start] + (found[0] if found else "") + after, found


@pytest.mark.parametrize(
    ("text", "completed", "found"),
    [
        ("sta", "status", ["status", "start_time", "starred = true"]),
        ("met", "metrics.", ["metrics."]),
        ("metrics.a", "metrics.accuracy", ["metrics.accuracy"]),
        ("metrics.v", "metrics.`val/acc`", ["metrics.`val/acc`", "metrics.`val/loss`"]),
        ("metrics.`val/l", "metrics.`val/loss`", ["metrics.`val/loss`"]),
        ("metrics.accuracy > 1 AND (NOT params.opti", "metrics.accuracy > 1 AND (NOT params.optimizer", None),
        ("metrics.a| > 0.9", "metrics.accuracy > 0.9", ["metrics.accuracy"]),
        ("experiment.", "experiment.name", ["experiment.name", "experiment.id"]),
        ("chil", "children of", ["children of"]),
        ("metrics.accuracy ", "metrics.accuracy =", None),
        ("metrics.accuracy >", "metrics.accuracy >", []),
        ("run_name li", "run_name LIKE", ["LIKE"]),
        ("metrics.accuracy I", "metrics.accuracy IN", ["IN", "IS NOT NULL", "IS NULL"]),
        ("status = ", "status = 'RUNNING'", None),
        ("status = 'f", "status = 'FINISHED'", ["'FINISHED'", "'FAILED'"]),
        ("status IN ('FAILED', ki", "status IN ('FAILED', 'KILLED'", ["'KILLED'"]),
        ("params.optimizer = ", "params.optimizer = 'adam'", ["'adam'", '"it\'s adam"']),
        ("params.optimizer ='i", 'params.optimizer ="it\'s adam"', ['"it\'s adam"']),
        ("params.`opt name` = ", "params.`opt name` = ", []),
        ("tags.team LIKE 'r", "tags.team LIKE 'red'", ["'red'"]),
        ("start_time > n", "start_time > now() - 1h", None),
        ("duration < 1", "duration < 1m", ["1m", "10m", "1h", "1d"]),
        ("experiment.name = 'v", "experiment.name = 'vision 0'", ["'vision 0'", "'vision 1'"]),
        ("status = 'FAILED' ", "status = 'FAILED' AND", ["AND", "OR"]),
        ("status = 'FAILED' o", "status = 'FAILED' OR", ["OR"]),
        ("nothing.like", "", []),
        ("bogus = '", "", []),
    ],
)
def test_a_filter_goes_on(gate: Gate, text: str, completed: str, found: list[str] | None) -> None:
    """With what is typed replaced, quotes and backticks where they are needed."""
    written, every = asked(gate, text)
    if found is not None:
        assert found == every
    assert completed == written or not every


def with_others(gate: Gate) -> None:
    """An experiment, a registered model with two versions and a logged model, each with tags of its own."""
    a_run(gate, run_name="run 7")
    experiment_id = an_experiment(gate, "nlp/translation")
    gate.perform(SetExperimentTag(experiment_id=experiment_id, key="owner", value="it's us"))
    gate.perform(CreateRegisteredModel(name="ranker", tags=[Tag(key="tier", value="gold")]))
    for number in range(2):
        tags = [Tag(key="checked by", value=f"person {number}")]
        gate.perform(CreateModelVersion(name="ranker", source=f"s3://models/{number}", tags=tags))
    made = CreateLoggedModel(
        experiment_id=experiment_id, name="forest", model_type="tree", params=[Param(key="depth", value="4")]
    )
    gate.perform(made)


GOING_ON = [
    ("experiments", "na", ["name"]),
    ("experiments", "t", ["tags."]),
    ("experiments", "tags.o", ["tags.owner"]),
    ("experiments", "tags.owner = ", ['"it\'s us"']),
    ("experiments", "name LIKE 'nlp", ["'nlp/translation'"]),
    ("experiments", "chil", []),
    ("experiments", "runs", []),
    ("experiments", "creation_time > n", ["now() - 1h", "now() - 1d", "now() - 7d", "now() - 30d"]),
    ("registered-models", "tags.tier = 'g", ["'gold'"]),
    ("registered-models", "name = ", ["'ranker'"]),
    ("model-versions", "tags.c", ["tags.`checked by`"]),
    ("model-versions", "tags.`checked by` IN (", ["'person 0'", "'person 1'"]),
    ("model-versions", "stage = 'p", ["'Production'"]),
    ("model-versions", "version_number BE", ["BETWEEN"]),
    ("model-versions", "source_path LIKE 's3://models/1", ["'s3://models/1'"]),
    ("logged-models", "params.d", ["params.depth"]),
    ("logged-models", "params.depth = ", ["'4'"]),
    ("logged-models", "status = r", ["'READY'"]),
    ("logged-models", "model_type = ", ["'tree'"]),
    ("runs", "run_name = 'run", ["'run 7'"]),
]
EXPLAINED = [
    ("experiments", "tags.owne = 'x'", ["No experiment has the tag 'owne'. Did you mean tags.owner?"]),
    ("registered-models", "tags.team = 'x'", ["No registered model has the tag 'team'."]),
    (
        "model-versions",
        "tags.checked = 'x'",
        ["No model version has the tag 'checked'. Did you mean tags.`checked by`?"],
    ),
    ("logged-models", "metrics.depth > 1", ["No logged model has the metric 'depth'. Did you mean params.depth?"]),
    ("logged-models", "status = 'LOGGED_MODEL_READY' AND status IN ('1', 'ready')", []),
]
NEVER_HAD = [
    ("model-versions", "stage = 'production'", "None, Staging, Production, Archived"),
    ("logged-models", "status = READ", "UNSPECIFIED, PENDING, READY, FAILED"),
]


def test_filters_of_all_entities_go_on_and_are_explained(gate: Gate) -> None:
    """With what there is of each: the box of its page asks the same."""
    with_others(gate)
    for of, text, found in GOING_ON:
        answer = gate.ask(CompleteFilter(filter=text, position=len(text), of=of))
        assert found == [one.text for one in answer.completions], (of, text)
    for of, text, notes in EXPLAINED:
        assert notes == gate.ask(ExplainFilter(filter=text, of=of)).notes


@pytest.mark.parametrize(("of", "text", "known"), NEVER_HAD)
def test_values_that_other_entities_never_have_are_errors(of: str, text: str, known: str) -> None:
    """That name the values there are, and point at the place."""
    with pytest.raises(InvalidSearch, match=f"It has one of: {known}") as caught:
        parse_filter(text, SOURCES[of].fields, strict=True)
    assert text.index("=") + 2 == caught.value.position


@pytest.mark.parametrize("position", [-1, 5])
def test_a_position_is_one_of_the_filter(gate: Gate, position: int) -> None:
    """From its beginning to its end."""
    with pytest.raises(InvalidParameter, match="the filter has 4 characters"):
        gate.ask(CompleteFilter(filter="name", position=position))


def test_completions_have_a_bound(gate: Gate) -> None:
    """However many keys there are."""
    run_id = a_run(gate)
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point(f"layer{number}") for number in range(50)]))
    assert 20 == len(asked(gate, "metrics.layer")[1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ACC", ["metrics.accuracy", "metrics.val/acc"]),
        ("opt", ["params.opt name", "params.optimizer"]),
        ("team", ["tags.team"]),
        ("%", []),
        ("no such", []),
    ],
)
def test_keys_are_found_by_a_part_of_them(gate: Gate, text: str, found: list[str]) -> None:
    """In any case of letters, as columns of the table are named."""
    answer = gate.ask(FindKeys(text=text))

    assert (found, False) == (sorted(answer.keys), answer.more)


def test_keys_are_found_by_a_regular_expression(gate: Gate) -> None:
    """Of the name of the column, in which case counts; one that is none is refused with the place."""
    found = gate.ask(FindKeys(text="^(metrics|params).*(acc$|opt )", pattern=True))

    assert ["metrics.val/acc", "params.opt name"] == sorted(found.keys)
    assert [] == gate.ask(FindKeys(text="ACC", pattern=True)).keys
    assert ["metrics.val/acc", "metrics.val/loss"] == gate.ask(FindKeys(text="^val", pattern=True, of="metrics")).keys
    assert [] == gate.ask(FindKeys(text="^val", pattern=True, of="params")).keys
    with pytest.raises(InvalidParameter, match=r"in the regular expression 'a\(', at character"):
        gate.ask(FindKeys(text="a(", pattern=True))


def test_keys_that_are_found_are_bounded(gate: Gate) -> None:
    """Of thousands a reader picks none: more of the name narrows them."""
    points = [a_point(f"layer{place:04}") for place in range(500)]
    gate.perform(LogBatch(run_id=a_run(gate), metrics=points))

    answer = gate.ask(FindKeys(text="layer"))
    of_metrics = gate.ask(FindKeys(text="layer", of="metrics"))

    assert ([f"metrics.layer{place:04}" for place in range(20)], True) == (answer.keys, answer.more)
    assert (500, False) == (len(of_metrics.keys), of_metrics.more)
