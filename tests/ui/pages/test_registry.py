"""The pages of registered models, their versions and logged models, and what can be changed on them."""

from pathlib import Path
from urllib.parse import quote

import pytest

from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion, GetModelVersion
from runyard.registry.promotion.messages import SearchMoves
from runyard.registry.registered_models.messages import CreateRegisteredModel, GetRegisteredModel
from runyard.tracking.logged_models.messages import DeleteLoggedModel, GetLoggedModel
from runyard.tracking.runs.messages import DeleteRun
from tests.factories import a_run
from tests.ui.asking import Answer, Reader
from tests.ui.stories import Story, a_story

MLMODEL = """\
flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {pickled_model: model.pkl, sklearn_version: 1.9.1}
mlflow_version: 3.17.2
model_size_bytes: 2048
signature:
  inputs: '[{"type": "double", "name": "age"}, {"type": "string", "name": "plan", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "threshold", "type": "double", "default": 0.5}]'
"""


@pytest.fixture
def story(gate: Gate) -> Story:
    """Runs and a registered model with two versions."""
    return a_story(gate)


def write(tmp_path: Path, story: Story, content: bytes | str, name: str = "MLmodel") -> None:
    """Put a file where version 1 keeps its files."""
    folder = tmp_path / "artifacts" / story.experiment_id / story.run_ids[0] / "artifacts" / "model"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def after(reader: Reader, answer: Answer) -> Answer:
    """The page that a form led to."""
    assert answer.status == 303, answer.words
    return reader.get(answer.headers["location"])


def test_the_list_tells_who_is_where(reader: Reader, story: Story) -> None:
    """The latest version, the one in Production, where each alias is, and the tags."""
    page = reader.get("/models")

    row = page.words.partition(story.model)[2]
    for text in ("Version 2", "Version 1", "@challenger 2", "@champion 1", "team vision"):
        assert text in row, text
    assert "/models" in reader.get("/").attributes("a", "href")


def test_the_list_is_searched_by_name_and_by_filter(gate: Gate, reader: Reader, story: Story) -> None:
    """A text is looked for in the names; a filter is one; a mistake is shown where it is."""
    gate.perform(CreateRegisteredModel(name="Unicorn"))

    def found(search: str) -> list[bool]:
        words = reader.get(f"/models?search={quote(search)}").words
        return ["Unicorn" in words, story.model in words]

    assert [True, False] == found("unic")
    assert [False, True] == found("tags.team = 'vision'")
    assert [True, True] == found("name LIKE '%'")[:2]
    wrong = reader.get("/models?search=" + quote("name = "))
    assert wrong.status == 400
    assert "0 models" in reader.get("/models?search=nothing").words
    assert "Did you mean tags.team?" in reader.get("/models?search=" + quote("tags.teams = 'x'")).words


def test_versions_and_logged_models_are_filtered(reader: Reader, story: Story) -> None:
    """With the same language: values that a field never has are named, keys that nothing has said with the nearest."""

    def words(path: str, text: str, status: int = 200) -> str:
        page = reader.get(f"{path}?filter={quote(text)}")
        assert page.status == status, page.words
        return page.words.partition("Activity")[0]

    model, logged = f"/models/{story.model}", f"/experiments/{story.experiment_id}/models"
    assert "1 version " in words(model, "version_number = 1 OR tags.nothing = 'x'")
    assert "Production, Archived" in words(model, "stage = 'production'", 400)
    assert "No version matches the filter. No model version has the tag 'x'." in words(model, "tags.x = 'y'")
    assert "UNSPECIFIED, PENDING, READY, FAILED" in words(logged, "status = 'ready to go'", 400)
    assert "No logged model has the metric 'x'." in words(logged, "metrics.x > 0")


def test_the_list_goes_on(gate: Gate, reader: Reader) -> None:
    """A hundred a page, each once."""
    names = [f"m{number:03}" for number in range(150)]
    for name in names:
        gate.perform(CreateRegisteredModel(name=name))
    first = reader.get("/models")
    following = next(href for href in first.attributes("a", "href") if "page" in href)
    shown = [
        href.rpartition("/")[2]
        for page in (first, reader.get(following))
        for href in page.attributes("a", "href")
        if href.startswith("/models/m")
    ]

    assert names == sorted(set(shown))


def test_a_model_is_made_described_tagged_renamed_and_deleted(gate: Gate, reader: Reader) -> None:
    """Each form ends on a page that shows the change; deleting wants the name typed."""
    made = reader.send("/ui/models", name="Gryphon")
    assert "Gryphon" in after(reader, made).words
    assert "<em>is</em>" in after(reader, reader.send("/ui/models/Gryphon/describe", description="it *is*")).text
    assert "crm" in after(reader, reader.send("/ui/models/Gryphon/set-tag", key="domain", value="crm")).words
    assert "crm" not in after(reader, reader.send("/ui/models/Gryphon/delete-tag", key="domain")).words
    assert "Phoenix" in after(reader, reader.send("/ui/models/Gryphon/rename", name="Phoenix")).words
    assert 404 == reader.get("/models/Gryphon").status
    assert 400 == reader.send("/ui/models/Phoenix/delete", confirmed="Gryphon").status
    after(reader, reader.send("/ui/models/Phoenix/delete", confirmed="Phoenix"))
    assert 404 == reader.get("/models/Phoenix").status


@pytest.mark.parametrize("name", ["", "a/b", "a:b"])
def test_bad_names_are_refused_with_the_reason(reader: Reader, name: str) -> None:
    """As 400, on a page that says what a name may be."""
    assert 400 == reader.send("/ui/models", name=name).status


def test_a_model_page_shows_versions_and_history(reader: Reader, story: Story) -> None:
    """Versions with run and metrics, and every move of an alias or stage with its reason."""
    page = reader.get(story.model_path)

    for text in ("run 0", "run 2", "loss", "was registered", "version 2 → version 1", "Production"):
        assert text in page.words, text
    assert f"/runs/{story.run_ids[0]}" in page.attributes("a", "href")


def test_a_version_shows_where_it_came_from_and_how_it_is_used(reader: Reader, story: Story, tmp_path: Path) -> None:
    """Run, signature, flavors, metrics, files, code; the run's page leads back. That files are missing is said."""
    assert "No files" in reader.get(f"{story.model_path}/versions/1").words
    write(tmp_path, story, MLMODEL)
    write(tmp_path, story, "scikit-learn==1.9.1", "requirements.txt")
    example = '{"dataframe_split": {"columns": ["age"], "data": [[51], [52]]}}'
    write(tmp_path, story, example, "serving_input_example.json")
    path = f"{story.model_path}/versions/1"
    page = reader.get(path)

    assert "No files" not in page.words
    for text in ("age", "double", "plan", "optional", "tensor(int64, [-1])", "double = 0.5", "sklearn 1.9.1", "2.0 KB"):
        assert text in page.words, text
    assert f'load_model("models:/{story.model}/1")' in page.words
    assert "Requirements 1 scikit-learn==1.9.1" in page.words
    assert 'Input example { "dataframe_split": { "columns": ["age"], "data": [ [51], [52] ] } }' in page.words
    assert f"models serve -m 'models:/{story.model}/1'" in page.words
    assert f"/runs/{story.run_ids[0]}" in page.attributes("a", "href")
    assert path.replace("%20", " ") in [
        href.replace("%20", " ") for href in reader.get(f"/runs/{story.run_ids[0]}").attributes("a", "href")
    ]
    assert "requirements.txt" in reader.get(f"{path}/files").words
    assert "scikit-learn==1.9.1" in reader.get(f"{path}/files?path=requirements.txt").words


def test_a_version_of_a_logged_model_leads_to_it_and_back(reader: Reader, story: Story) -> None:
    """Its status, parameters and where it is registered."""
    logged = f"/experiments/{story.experiment_id}/models/{story.model_id}"

    assert logged in reader.get(f"{story.model_path}/versions/2").attributes("a", "href")
    page = reader.get(logged)
    for text in ("Ready", "depth", "classifier", story.model):
        assert text in page.words, text
    assert logged in reader.get(f"/runs/{story.run_ids[-1]}").attributes("a", "href")
    assert logged in reader.get(f"/experiments/{story.experiment_id}/models").attributes("a", "href")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe\x00",
        b"a: [" * 500,
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        b"!!python/object/apply:os.system [echo]",
        b"flavors: 3\nsignature: {inputs: '{', outputs: '[1, null]', params: 7}",
        b'flavors: {x: 1}\nsignature: {inputs: \'[{"type": {}, "name": [], "shape": 1}]\'}',
        b"x" * 3_000_000,
    ],
)
def test_a_broken_mlmodel_breaks_no_page(reader: Reader, story: Story, tmp_path: Path, content: bytes) -> None:
    """Anyone may have written it; the version's page says what is known."""
    write(tmp_path, story, content)

    assert 200 == reader.get(f"{story.model_path}/versions/1").status
    assert 200 == reader.get(f"{story.model_path}/versions/1/files?path=MLmodel").status


def test_a_run_shows_the_newest_model_it_made(reader: Reader, story: Story, gate: Gate, tmp_path: Path) -> None:
    """Its signature, requirements and example, and code to use it; broken files leave the page whole."""
    address = f"/runs/{story.run_ids[-1]}"
    assert f'load_model("models:/{story.model_id}")' in reader.get(address).words
    location = gate.perform(GetLoggedModel(model_id=story.model_id))["model"]["info"]["artifact_uri"]
    folder = tmp_path / "artifacts" / location.removeprefix("mlflow-artifacts:/")
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    (folder / "requirements.txt").write_text("# needed\nnumpy==2.4.6\n", encoding="utf-8")
    (folder / "input_example.json").write_text("{" * 9000, encoding="utf-8")
    page = reader.get(address)
    for text in ("tensor(int64, [-1])", "Requirements 1 numpy==2.4.6", "Input example {{{"):
        assert text in page.words, text


def test_a_version_outlives_its_run_and_its_files(gate: Gate, reader: Reader, story: Story) -> None:
    """Gone runs, deleted logged models, places that this server does not open: the pages say so."""
    gate.perform(DeleteRun(run_id=story.run_ids[0]))
    gate.perform(DeleteLoggedModel(model_id=story.model_id))
    gate.perform(CreateModelVersion(name=story.model, source="s3://elsewhere/model"))

    for version in "123":
        for page in ("", "/files", "/move?stage=Production"):
            assert 200 == reader.get(f"{story.model_path}/versions/{version}{page}").status, (version, page)
    assert 200 == reader.get(story.model_path).status
    assert 200 == reader.get("/models").status


def test_a_stage_is_changed_after_a_question(gate: Gate, reader: Reader, story: Story) -> None:
    """The question shows who is there now and how the metrics differ; the answer archives them and is remembered."""
    question = reader.get(f"{story.model_path}/versions/2/move?stage=Production")
    for text in ("version 1", "loss", "Archived"):
        assert text in question.words, text
    form = f"/ui{story.model_path}/versions/2/stage"

    page = after(reader, reader.send(form, stage="Production", archive="yes", reason="better", who="bob"))

    assert "Production" in page.words
    stages = [
        gate.perform(GetModelVersion(name=story.model, version=version))["model_version"]["current_stage"]
        for version in "12"
    ]
    assert ["Archived", "Production"] == stages
    last = gate.perform(SearchMoves(name=story.model))["moves"][0]
    assert ("bob", "better") == (last["user_id"], last["reason"])
    assert "better" in reader.get(story.model_path).words


def test_an_alias_is_set_and_removed_after_a_question(gate: Gate, reader: Reader, story: Story) -> None:
    """One that has moved on meanwhile is left alone."""
    path = f"{story.model_path}/versions/2"
    assert "version 1" in reader.get(f"{path}/move?alias=champion").words
    page = after(reader, reader.send(f"/ui{path}/alias", alias="champion", reason="", who=""))
    assert "@champion" in page.words
    page = after(reader, reader.send(f"/ui{path}/unalias", alias="challenger"))
    assert f"{path}/move?unalias=challenger" not in page.attributes("a", "href")

    stale = reader.send(f"/ui{story.model_path}/versions/1/unalias", alias="champion")

    assert 400 == stale.status
    aliases = gate.perform(GetRegisteredModel(name=story.model))["registered_model"]["aliases"]
    assert [{"alias": "champion", "version": "2"}] == aliases


def test_a_version_is_described_tagged_and_deleted(reader: Reader, story: Story) -> None:
    """Each form ends on a page that shows the change."""
    path = f"{story.model_path}/versions/2"
    assert "<em>is</em>" in after(reader, reader.send(f"/ui{path}/describe", description="it *is*")).text
    assert "2026-04" in after(reader, reader.send(f"/ui{path}/set-tag", key="data", value="2026-04")).words
    assert "2026-04" not in after(reader, reader.send(f"/ui{path}/delete-tag", key="data")).words
    after(reader, reader.send(f"/ui{path}/delete"))

    assert 404 == reader.get(path).status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/models/nothing", 404),
        ("/models/a%00b", 404),
        ("/models/a%2Fb", 404),
        ("/models/{model}/versions/9", 404),
        ("/models/{model}/versions/x", 400),
        ("/models/{model}/versions/99999999999999999999", 400),
        ("/models/{model}/versions/1/files?path=../../etc", 400),
        ("/models/{model}/versions/1/move?stage=Prod", 400),
        ("/models/{model}/versions/1/move?alias=v3", 400),
        ("/models/{model}/versions/1/move?alias=latest", 400),
        ("/models/{model}?order=nonsense", 400),
        ("/models?order=nonsense", 400),
        ("/models?page=nonsense", 400),
        ("/experiments/{experiment}/models/m-nothing", 404),
        ("/experiments/{experiment}/models?filter=nonsense+%3D", 400),
        ("/experiments/999/models", 404),
    ],
)
def test_bad_addresses_never_break(shared: tuple[Reader, Story], path: str, status: int) -> None:
    """They are refused with a page that says why, or shown as if they were not there."""
    reader, story = shared
    answer = reader.get(path.format(model=quote(story.model), experiment=story.experiment_id))

    assert answer.status in (status, 200), answer.words
    assert answer.status < 500


def test_a_run_without_models_has_no_empty_cards(gate: Gate, reader: Reader) -> None:
    """Most runs have none."""
    assert "Registered as" not in reader.get(f"/runs/{a_run(gate)}").words
