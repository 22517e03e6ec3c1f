"""What every flavor does with every model: one that is added to the table is tried here with its own examples."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

import runyard
from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models.flavor import Flavor
from tests.flavors.collected import ALL, FIRST, every_flavor, every_model
from tests.flavors.examples import Example, described, paths, same
from tests.serving.conftest import LOADED, ModelServer
from tests.support import families

NONE: dict[str, Any] = {"pip_requirements": []}

pytestmark = pytest.mark.timeout(600)


@every_model
def test_a_saved_model_predicts_as_before(flavor: Flavor, example: Example, store: Path) -> None:
    """As the library's own object and as a pyfunc, for every form of input that means the same."""
    model = example.train()
    flavor.load().save_model(model, "model", **NONE, **example.options)
    expected = example.native(model, example.rows)

    same(example.native(flavor.load().load_model("model"), example.rows), expected, example)
    loaded = runyard.pyfunc.load_model("model")
    for rows in (example.rows, *example.forms.values()):
        same(loaded.predict(rows), expected, example)


@every_flavor
def test_a_logged_model_is_registered_and_found_again(
    flavor: Flavor, example: Example, store: Path, forked_inference: None
) -> None:
    """Its signature comes from the example, its requirements name the library, and the registry has it."""
    rows = example.rows[:2]
    with runyard.start_run() as run:
        info = flavor.load().log_model(
            example.train(), name="model", input_example=rows, registered_model_name="kept", **example.options
        )

    loaded = runyard.pyfunc.load_model("models:/kept/1")
    assert run.info.run_id == loaded.metadata.run_id
    assert loaded.metadata.signature is not None
    assert loaded.metadata.signature.inputs is not None
    assert len(loaded.predict(loaded.input_example if loaded.input_example is not None else rows)) > 0
    needed = Path(runyard.pyfunc.get_model_dependencies(info.model_uri)).read_text(encoding="utf-8")
    assert set(flavor.load().get_default_pip_requirements()) <= set(needed.splitlines())


@pytest.mark.slow
@every_flavor
def test_a_served_model_answers_json_and_csv(flavor: Flavor, example: Example, store: Path, tmp_path: Path) -> None:
    """A server of the model gives for the body of a request what the model gives for the rows."""
    if not example.served:
        return
    model = example.train()
    flavor.load().save_model(model, "model", input_example=example.rows[:2], **NONE, **example.options)
    arguments = ("-m", "runyard", "models", "serve", "-m", str(tmp_path / "model"), "--env-manager", "local")
    server = ModelServer(tmp_path, "", environment=paths(), arguments=(*arguments, "--port", "PORT"))
    if not families.current():
        server.loaded = LOADED
    server.start()
    try:
        bodies = [(_json(example.rows), "application/json")]
        if isinstance(example.rows, pd.DataFrame):
            bodies.append((example.rows.to_csv(index=False), "text/csv"))
        expected = runyard.pyfunc.load_model("model").predict(example.rows)
        for body, kind in bodies:
            status, answer = server.ask(body, kind=kind)
            assert status == 200, answer
            predictions = answer["predictions"]
            is_table = isinstance(predictions, list) and isinstance(predictions[0], dict)
            same(pd.DataFrame(predictions) if is_table else predictions, expected, example)
    finally:
        server.kill()


def _json(rows: Any) -> str:
    if isinstance(rows, pd.DataFrame):
        return json.dumps({"dataframe_split": json.loads(rows.to_json(orient="split", date_format="iso"))})
    return json.dumps({"inputs": rows.tolist() if isinstance(rows, np.ndarray) else rows})


@every_flavor
def test_a_model_of_another_flavor_is_refused(flavor: Flavor, example: Example, store: Path) -> None:
    """The message names the flavors that the model has."""
    runyard.pyfunc.save_model("model", python_model=_answer, **NONE)

    with pytest.raises(InvalidParameter, match=f"no flavor '{flavor.name}'; it has python_function"):
        flavor.load().load_model("model")


def _answer(model_input: Any) -> Any:
    return model_input


@every_flavor
def test_another_version_of_the_library_is_told(
    flavor: Flavor, example: Example, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning has both versions."""
    flavor.load().save_model(example.train(), "model", **NONE, **example.options)
    model = described(store / "model")
    model["flavors"][flavor.name][flavor.version_key] = "0.1.2"
    (store / "model" / "MLmodel").write_text(yaml.safe_dump(model), encoding="utf-8")

    with caplog.at_level(logging.WARNING, logger="runyard"):
        flavor.load().load_model("model")
    assert "0.1.2" in caplog.text
    assert flavor.version in caplog.text


@every_flavor
def test_a_damaged_file_is_told(flavor: Flavor, example: Example, store: Path) -> None:
    """Not with whatever the library says of it alone, and not with a crash of the process."""
    flavor.load().save_model(example.train(), "model", **NONE, **example.options)
    kept = {"MLmodel", "requirements.txt", "conda.yaml", "python_env.yaml"}
    for file in (store / "model").rglob("*"):
        if file.is_file() and file.name not in kept:
            file.write_bytes(b"\x00damaged")

    with pytest.raises(RunyardException, match="cannot be read"):
        flavor.load().load_model("model")


def test_every_flavor_of_this_environment_is_tried() -> None:
    """A family's flavors have examples."""
    own = families.FAMILIES[families.current()].folders if families.current() else ("sklearn",)
    assert {flavor.module.rpartition(".")[2] for flavor, _ in ALL} >= set(filter(families.is_flavor, own))


def test_nothing_is_left_of_a_model_that_could_not_be_saved(store: Path) -> None:
    """Its folder is gone."""
    for flavor, example in FIRST:
        with pytest.raises(InvalidParameter):
            flavor.load().save_model(example.train(), "model", signature="wrong", **NONE)
        assert not (store / "model").exists()
