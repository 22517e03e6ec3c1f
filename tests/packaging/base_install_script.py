"""Walks the public API in an environment without extras; prints what fails in another way than by naming an extra.

Run by `test_wheel.py` with the interpreter of such an environment.
"""

import importlib
import json
import pathlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import runyard
from runyard.exceptions import RunyardException

PACKAGES = (
    "",
    "artifacts",
    "data",
    "entities",
    "metrics",
    "models",
    "projects",
    "pyfunc",
    "sklearn",
    "tracking",
    "types",
)


def answers(model_input: list[str]) -> list[str]:
    """A model that needs nothing."""
    return model_input


def names() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every public name, as it is looked up."""
    for package in PACKAGES:
        try:
            home = importlib.import_module(f"runyard.{package}") if package else runyard
        except RunyardException as error:
            yield package, partial(_again, error)
            continue
        for name in getattr(home, "__all__", dir(home)):
            if not name.startswith("_"):
                yield f"{package}.{name}".strip("."), partial(getattr, home, name)


def _again(error: Exception) -> None:
    raise error


def _typed(signature: Any) -> None:
    """Check that a signature has types; one without was made without looking at the data."""
    if "long" not in str(signature.inputs):
        raise TypeError(f"inferred {signature.inputs}")


def calls() -> Iterator[tuple[str, Callable[[], Any]]]:
    """What a user of the base install would try; each with arguments that are otherwise right."""
    with runyard.start_run() as run:
        runyard.log_text("x", "note.txt")
    uri = f"runs:/{run.info.run_id}/note.txt"
    yield "evaluate", lambda: runyard.evaluate(data=[[1, 2]], targets=[1], model_type="regressor")
    yield "autolog", runyard.autolog
    yield "sklearn.autolog", runyard.sklearn.autolog
    yield "sklearn.save_model", lambda: runyard.sklearn.save_model(object(), "left-sklearn")
    yield "sklearn.log_model", lambda: runyard.sklearn.log_model(object(), name="m")
    yield "sklearn.load_model", lambda: runyard.sklearn.load_model("left-other")
    yield "pyfunc.save_model", lambda: runyard.pyfunc.save_model("left-pyfunc", python_model=answers)
    yield "pyfunc.log_model", lambda: runyard.pyfunc.log_model(name="m", python_model=answers)
    yield "pyfunc.load_model", lambda: runyard.pyfunc.load_model("left-other")
    yield "infer_signature", lambda: _typed(runyard.models.infer_signature([1], [2]))
    yield "download from S3", lambda: runyard.artifacts.download_artifacts("s3://bucket/key")
    yield "download from Google", lambda: runyard.artifacts.download_artifacts("gs://bucket/key")
    yield "load_text", lambda: runyard.artifacts.load_text(uri)
    yield "load_image", lambda: runyard.artifacts.load_image(uri)
    yield "search_runs", runyard.search_runs
    yield "search_logged_models", runyard.search_logged_models
    yield "log_table", lambda: runyard.log_table({"a": [1]}, "t.json")
    yield "log_image", lambda: runyard.log_image([[1]], "i.png")
    yield "from_pandas", lambda: runyard.data.from_pandas([[1]])
    yield "from_polars", lambda: runyard.data.from_polars([[1]])
    yield "set_tracking_uri", lambda: runyard.RunyardClient("postgresql://u@127.0.0.1:1/x").search_experiments()
    yield "system metrics", runyard.enable_system_metrics_logging
    yield "metrics.mae", lambda: runyard.metrics.mae().eval_fn([1], [2])


def failures() -> Iterator[dict[str, str]]:
    """What fails without naming the extra."""
    for kind, walk in (("name", names), ("call", calls)):
        for name, act in walk():
            try:
                act()
            except RunyardException as error:
                if kind == "name" and "pip install" not in str(error):
                    yield {kind: name, "error": f"{type(error).__name__}: {error}"}
            except Exception as error:  # noqa: BLE001  (whatever it is, it is shown)
                yield {kind: name, "error": f"{type(error).__name__}: {error}"}
    for left in pathlib.Path().glob("left-*"):
        yield {"left": left.name, "error": "a folder was left behind"}


if __name__ == "__main__":
    json.dump(list(failures()), sys.stdout)
