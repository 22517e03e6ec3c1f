"""The project of a run, on its page."""

import json
import shlex

import pytest

from runyard.gate.gate import Gate
from runyard.projects import tags
from runyard.tracking.runs.entities import Param
from runyard.tracking.runs.messages import LogBatch
from tests.factories import a_run, an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.stories import keep

COMMIT = "5f3c9d2e8b1a4c7d9e0f5f3c9d2e8b1a4c7d9e0f"
IN_GIT = {
    tags.SOURCE_TYPE: "PROJECT",
    tags.SOURCE_NAME: "https://example.org/vision.git#models",
    tags.ENTRY_POINT: "train",
    tags.BACKEND: "local",
    "mlflow.source.git.commit": COMMIT,
}
HOSTILE = ("", "[]", "null", "1", '"x"', "{", "[" * 60_000, '{"values": 1}', '{"values": {"a": {"b": []}, "": null}}')


def card(page: Answer) -> str:
    """The words of the card."""
    return page.words.split(" Project ", 1)[1].split(" About ")[0] if " Project " in page.words else ""


def again(reader: Reader, run_id: str) -> list[str]:
    """The words of the command that runs a project again."""
    text = reader.get(f"/runs/{run_id}")
    commands = [part.split("</code>")[0] for part in text.text.split("<code>") if part.startswith("export RUNYARD")]
    if not commands:
        return []
    [lines] = [command.replace("&#39;", "'").replace("&#34;", '"').replace("&lt;", "<") for command in commands]
    assert "export RUNYARD_TRACKING_URI=http://runyard.example:5000" == lines.split("\n")[0]
    return shlex.split(lines.partition("\n")[2])


def a_project_run(gate: Gate, more: dict[str, str], **params: str) -> str:
    """A run of a project with further tags and with params."""
    run_id = a_run(gate, tags=IN_GIT | more)
    gate.perform(LogBatch(run_id=run_id, params=[Param(key=key, value=value) for key, value in params.items()]))
    return run_id


def test_the_card_says_what_was_run_and_how(gate: Gate, reader: Reader) -> None:
    """Entry point, source, version, commit, backend, environment, command and exit code answer most questions."""
    more = {tags.VERSION: "v1.2", tags.ENVIRONMENT: "uv", tags.COMMAND: "python train.py", tags.EXIT_CODE: "137"}
    page = reader.get(f"/runs/{a_project_run(gate, more)}")

    for text in (
        "Entry point train",
        "https://example.org/vision.git#models",
        "Version v1.2",
        COMMIT[:12],
        "Backend local",
        "Environment uv",
        "python train.py",
        "Exit code 137",
    ):
        assert text in card(page), text
    assert "https://example.org/vision.git" in page.attributes("a", "href")


def test_other_runs_have_no_card(gate: Gate, reader: Reader) -> None:
    """A script's run keeps its source under About."""
    page = reader.get(f"/runs/{a_run(gate, tags=IN_GIT | {tags.SOURCE_TYPE: 'LOCAL'})}")

    assert "" == card(page)
    assert COMMIT[:12] in page.words


def test_what_was_kept_is_linked_and_what_was_not_is_only_said(gate: Gate, reader: Reader) -> None:
    """A link to nothing is worse than none."""
    run_id = a_project_run(gate, {tags.DIRTY: "true"})
    patch, packages = (
        f"/runs/{run_id}/artifacts?path=project/{name}" for name in ("uncommitted.patch", "requirements.txt")
    )

    bare = reader.get(f"/runs/{run_id}")
    keep(gate, run_id, "project/uncommitted.patch", "diff")
    keep(gate, run_id, "project/requirements.txt", "numpy==2.0")
    full = reader.get(f"/runs/{run_id}")

    assert "with uncommitted changes" in card(bare)
    assert not {patch, packages} & set(bare.attributes("a", "href"))
    assert {patch, packages} <= set(full.attributes("a", "href"))
    assert 200 == reader.get(patch).status


def test_credentials_in_a_source_are_not_shown(gate: Gate, reader: Reader) -> None:
    """Other clients note the address as it was typed."""
    page = reader.get(f"/runs/{a_project_run(gate, {tags.SOURCE_NAME: 'https://me:secret@example.org/x.git'})}")

    assert "https://example.org/x.git" in card(page)
    assert "secret" not in card(page)


def test_the_command_runs_the_same_commit_again(gate: Gate, reader: Reader) -> None:
    """A branch moves on, a commit does not."""
    run_id = a_project_run(gate, {tags.VERSION: "main"})
    experiment = reader.get(f"/runs/{run_id}").text.split('href="/experiments/')[1].split('"')[0]

    expected = ["runyard", "run", "--experiment-id", experiment, "-e", "train", "-v", COMMIT]
    assert [*expected, IN_GIT[tags.SOURCE_NAME]] == again(reader, run_id)


@pytest.mark.parametrize(("version", "expected"), [({}, []), ({tags.VERSION: "v1"}, ["-v", COMMIT])])
def test_a_folder_is_run_as_it_is_unless_a_version_was_asked_for(
    gate: Gate, reader: Reader, version: dict[str, str], expected: list[str]
) -> None:
    """With -v a clone is run, without what is not committed."""
    words = again(reader, a_project_run(gate, {tags.SOURCE_NAME: "/home/me/my project", **version}))

    assert [*expected, "/home/me/my project"] == words[words.index("train") + 1 :]


def test_only_params_that_were_given_to_the_project_are_given_again(gate: Gate, reader: Reader) -> None:
    """A param that the program logged would reach it as an option that it does not know."""
    name = "it's; rm -rf /"
    params = {"lr": "0.1", "name": name, "seed": "2", "classes": "10"}
    run_id = a_project_run(gate, {tags.PARAMETERS: '["lr", "name", "gone"]'}, **params)

    words = again(reader, run_id)

    given = [words[place + 1] for place, word in enumerate(words) if word == "-P"]
    assert ["lr=0.1", f"name={name}"] == given
    assert "is not known" not in card(reader.get(f"/runs/{run_id}"))


@pytest.mark.parametrize(
    "noted", [{}, {tags.PARAMETERS: "[1"}, {tags.PARAMETERS: '"lr"'}, {tags.PARAMETERS: "[" * 5000}]
)
def test_what_was_given_may_not_be_known(gate: Gate, reader: Reader, noted: dict[str, str]) -> None:
    """MLflow does not note it: then no param is given, and that is said."""
    run_id = a_project_run(gate, noted, lr="0.1")

    assert "-P" not in again(reader, run_id)
    assert "Which params were given to the project is not known" in card(reader.get(f"/runs/{run_id}"))


def test_a_sweep_is_gone_on_with(gate: Gate, reader: Reader) -> None:
    """What has not finished is run, the rest is not run twice."""
    plan = {"uri": "/x", "values": {"lr": ["0.1", "0.01"], "depth": ["3"]}}
    run_id = a_project_run(gate, {tags.SWEEP: json.dumps(plan)})

    assert ["runyard", "run", "--resume", run_id] == again(reader, run_id)
    assert "lr 0.1, 0.01" in card(reader.get(f"/runs/{run_id}"))


@pytest.mark.parametrize("source", ["/x\x1b[201~; curl evil", "/x\nrm -rf /", "x" * 20_000, "https://[bad", "-h", ""])
def test_a_command_to_paste_is_safe_or_not_offered(gate: Gate, reader: Reader, source: str) -> None:
    """Signs for the terminal end its quotations; options are not addresses."""
    words = again(reader, a_project_run(gate, {tags.SOURCE_NAME: source}))

    assert words == [] or (words[-1] == source and (source[0] != "-" or words[-2] == "--"))
    assert not words or source in ("https://[bad", "-h")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_tags_may_hold_anything(gate: Gate, reader: Reader, text: str) -> None:
    """Any client writes tags; none of them may take a page away from everyone."""
    experiment_id = an_experiment(gate)
    run_id = a_run(gate, experiment_id, tags=IN_GIT | {tags.SWEEP: text, tags.POINT: text, tags.COMMAND: text})
    a_run(gate, experiment_id, tags=IN_GIT | {tags.PARENT: run_id, tags.POINT: text, f"{tags.REUSED}x": text})

    assert 200 == reader.get(f"/runs/{run_id}").status


@pytest.mark.parametrize("text", ["'", "\"'", "\\", "../..", "é" * 100, "x" * 60_000, "' OR 1=1"])
def test_ids_in_tags_may_be_anything(gate: Gate, reader: Reader, text: str) -> None:
    """They are looked for only when they can be ids."""
    experiment_id = an_experiment(gate)
    run_id = a_run(gate, experiment_id, tags=IN_GIT | {tags.ROOT: text, tags.PARENT: text, tags.FINGERPRINT: text})
    a_run(gate, experiment_id, tags={tags.PARENT: run_id, tags.ROOT: text, f"{tags.REUSED}a b.c": "{}"})

    assert 200 == reader.get(f"/runs/{run_id}").status
