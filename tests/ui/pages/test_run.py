"""A run's page, and what can be changed on it."""

import json
from pathlib import Path

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.inputs.entities import Dataset
from runyard.tracking.runs.messages import GetRun, LogBatch, SetTag, UpdateRun
from runyard.ui.parts.presentation import source_words
from tests.factories import NOW, a_point, a_run, pairs
from tests.ui.asking import Reader
from tests.ui.curves import decoded
from tests.ui.stories import a_story


def test_the_page_shows_what_was_logged(gate: Gate, reader: Reader) -> None:
    """Params, metrics, tags, dataset, description, parent and source are all there."""
    page = reader.get(f"/runs/{a_story(gate).run_ids[1]}")

    for text in (
        "lr",
        "0.2",
        "loss",
        "team",
        "vision",
        "cifar",
        "training",
        "A good run.",
        "Parent run",
        "Took 1 min 1 s",
    ):
        assert text in page.words, text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('{"uri": "s3://data/train.csv"}', "s3://data/train.csv"),
        ('{"tags": {"mlflow.user": "eve", "mlflow.source.name": "train.py"}}', "train.py"),
        ('{"path": ["a"], "tags": 1}', '{"path": ["a"], "tags": 1}'),
        ("[1]", "[1]"),
        ("here", "here"),
    ],
)
def test_the_source_of_a_dataset_is_where_it_comes_from(source: str, words: str) -> None:
    """Clients store it as JSON, of which a table has no room for more than the address."""
    assert words == source_words(Dataset("cifar", "d1", "local", source))


def test_a_run_that_goes_on_shows_no_end(gate: Gate, reader: Reader) -> None:
    """Runs resumed before ends were taken away still have one."""
    run_id = a_run(gate)
    gate.perform(UpdateRun(run_id=run_id, end_time=NOW + 61_000))
    assert {"Took", "Ended"}.isdisjoint(reader.get(f"/runs/{run_id}").words.split())

    gate.perform(UpdateRun(run_id=run_id, status="FINISHED"))
    assert {"Took", "Ended"} <= set(reader.get(f"/runs/{run_id}").words.split())


def test_a_run_is_reached_by_the_address_below_its_experiment(gate: Gate, reader: Reader) -> None:
    """That is how people build links by hand."""
    story = a_story(gate, runs=1)
    answer = reader.get(f"/experiments/{story.experiment_id}/runs/{story.run_ids[0]}")

    assert (308, f"/runs/{story.run_ids[0]}") == (answer.status, answer.headers["location"])


def test_a_run_is_renamed_described_tagged(gate: Gate, reader: Reader) -> None:
    """Each form ends on the run's page, which shows the change."""
    run_id = a_run(gate)
    path = f"/ui/runs/{run_id}"

    assert "better name" in reader.get(reader.send(f"{path}/rename", name="better name").headers["location"]).words
    described = reader.send(f"{path}/describe", description="# What\n\nit *is*")
    assert "<em>is</em>" in reader.get(described.headers["location"]).text
    reader.send(f"{path}/set-tag", key="stage", value="candidate")
    assert "candidate" in reader.get(f"/runs/{run_id}").words
    reader.send(f"{path}/delete-tag", key="stage")
    assert "stage" not in pairs(gate.perform(GetRun(run_id=run_id))["run"]["data"]["tags"])


def test_a_run_is_deleted_and_restored(gate: Gate, reader: Reader) -> None:
    """A deleted run can be read and brought back, not changed."""
    run_id = a_run(gate)

    deleted = reader.get(reader.send(f"/ui/runs/{run_id}/delete").headers["location"])
    restored = reader.get(reader.send(f"/ui/runs/{run_id}/restore").headers["location"])

    assert "Restore" in deleted.words
    assert "Set a tag" not in deleted.words
    assert "Set a tag" in restored.words


@pytest.mark.parametrize(
    ("form", "fields"), [("rename", {"name": " "}), ("set-tag", {"key": ""}), ("set-tag", {"key": "../x"})]
)
def test_what_the_gate_refuses_is_shown_as_a_page(
    gate: Gate, reader: Reader, form: str, fields: dict[str, str]
) -> None:
    """A form that was filled in wrongly says what to do."""
    answer = reader.send(f"/ui/runs/{a_run(gate)}/{form}", **fields)

    assert answer.status == 400
    assert "Go back" in answer.words


def test_points_come_in_columns_and_never_more_than_asked_for(gate: Gate, reader: Reader) -> None:
    """A chart of 300 pixels cannot show ten thousand points."""
    run_id = a_run(gate)
    for start in range(0, 3000, 1000):
        points = [a_point("loss", float(step), NOW + step, step) for step in range(start, start + 1000)]
        gate.perform(LogBatch(run_id=run_id, metrics=points))

    [curve] = decoded(reader.get(f"/ui/metrics?key=loss&runs={run_id}&max=300").body)

    assert (run_id, 3000) == (curve.run, curve.points)
    assert 2 <= len(curve.steps) == len(curve.values) == len(curve.times) <= 300
    assert (0, 2999) == (curve.steps[0], curve.steps[-1])


def test_another_metric_comes_along_as_x(gate: Gate, reader: Reader) -> None:
    """At each step its value there, or the last one before."""
    run_id = a_run(gate)
    points = [a_point("loss", float(step), step=step) for step in range(4)]
    gate.perform(
        LogBatch(run_id=run_id, metrics=[*points, a_point("epoch", 1.0, step=1), a_point("epoch", 2.0, step=3)])
    )

    [curve] = decoded(reader.get(f"/ui/metrics?key=loss&by=epoch&runs={run_id}").body)

    assert "[nan, 1.0, 1.0, 2.0]" == repr(curve.x)


def test_charts_know_the_runs_of_their_page(gate: Gate, reader: Reader) -> None:
    """Names and looks, what can give colours, and marks at the steps where something happened."""
    run_ids = a_story(gate).run_ids
    gate.perform(SetTag(run_id=run_ids[1], key="runyard.event.2", value="halved"))

    page = reader.get(f"/compare?tab=metrics&runs={','.join(run_ids)}")
    runs = json.loads(page.attributes("chart-legend", "data-runs")[0])
    [keys] = page.attributes("chart-settings", "keys")

    assert list(run_ids) == [run["id"] for run in runs]
    assert ["params.lr"] == json.loads(keys)
    assert ["0.1", "0.2", "0.3"] == [run["values"]["params.lr"] for run in runs]
    assert [[], [{"step": 2, "name": "halved"}], []] == [run["events"] for run in runs]


@pytest.mark.parametrize("query", ["key=loss", "key=loss&runs=a&start=x&end=1", "runs=a"])
def test_questions_for_points_that_make_no_sense_are_refused_as_json(reader: Reader, query: str) -> None:
    """The chart shows the message."""
    answer = reader.get(f"/ui/metrics?{query}")

    assert answer.status == 400
    assert json.loads(answer.text)["error_code"] == "INVALID_PARAMETER_VALUE"


def test_artifacts_are_listed_and_looked_into(gate: Gate, reader: Reader, tmp_path: Path) -> None:
    """Text is text, tables are tables, pictures are pictures."""
    run = gate.perform(GetRun(run_id=a_run(gate)))["run"]["info"]
    folder = tmp_path / "artifacts" / run["experiment_id"] / run["run_id"] / "artifacts"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "note.txt").write_text("<b>hello</b>")
    (folder / "table.csv").write_text("a,b\n1,2\n")
    (folder / "plot.svg").write_text("<svg onload='alert(1)'/>")
    path = f"/runs/{run['run_id']}/artifacts"

    assert "&lt;b&gt;hello&lt;/b&gt;" in reader.get(f"{path}?path=deep/er/note.txt").text
    assert '<td class="n">2</td>' in reader.get(f"{path}?path=table.csv").text
    picture = reader.get(f"{path}?path=plot.svg")
    assert f"/get-artifact?run_id={run['run_id']}&path=plot.svg" in picture.attributes("img", "src")
    assert "no artifact" in reader.get(f"{path}?path=missing").words


@pytest.mark.parametrize("path", ["../../../etc/passwd", "/etc/passwd", "..%5C..", "%00"])
def test_paths_that_lead_elsewhere_show_no_file(gate: Gate, reader: Reader, path: str) -> None:
    """The tree ends at the run."""
    page = reader.get(f"/runs/{a_run(gate)}/artifacts?path={path}")

    assert page.status in (400, 404)
    assert "root:" not in page.text


def test_a_run_says_how_to_go_on_with_it(gate: Gate, reader: Reader) -> None:
    """The code runs as it stands, with either SDK; a deleted run has to be restored first."""
    run_id = a_run(gate)
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point(step=41), a_point("system/cpu", step=900)]))

    words = reader.get(f"/runs/{run_id}").text.split('id="resume"')[1].split("</details>")[0]
    for part in (
        "import runyard as mlflow",
        "import mlflow",
        f"mlflow.start_run(run_id=&#34;{run_id}&#34;)",
        "step=42",
        f"MLFLOW_RUN_ID={run_id}",
    ):
        assert part in words
    reader.send(f"/ui/runs/{run_id}/delete")
    assert 'id="resume"' not in reader.get(f"/runs/{run_id}").text


def test_a_note_is_looked_at_before_it_is_saved(gate: Gate, reader: Reader) -> None:
    """As the pages will show it, with nothing dangerous in it; nothing is stored."""
    answer = reader.send("/ui/notes/preview", text="# A *note*\n\n<script>alert(1)</script> [x](javascript:alert(2))")

    assert 200 == answer.status
    assert "<em>note</em>" in answer.text
    assert "<script" not in answer.text
    assert "href" not in answer.text
    assert "no-store" == answer.headers["cache-control"]
