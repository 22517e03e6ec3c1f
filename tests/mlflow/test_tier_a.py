"""Every name of MLflow's that twenty packages with loggers use is there, or says in which part it comes.

`tests/recorded/integrations-tier-a.json` lists them, taken from the packages' wheels.
"""

import importlib
import json
from pathlib import Path

import pytest

import runyard

NAMES: dict[str, list[str]] = json.loads(
    (Path(__file__).parent.parent / "recorded" / "integrations-tier-a.json").read_text(encoding="utf-8")
)
ALL = sorted({name for names in NAMES.values() for name in names})

_STATUS = "mlflow.entities.model_registry.model_version_status.ModelVersionStatus"
_STAGES = "mlflow.entities.model_registry.model_version_stages"
LATER = {
    "mlflow.set_trace_tag": "traces and GenAI are not offered",
    "mlflow.start_span": "traces and GenAI are not offered",
    "mlflow.trace": "traces and GenAI are not offered",
}
"""What belongs to parts that come later or not at all. A name that starts to resolve must leave this table."""

pytestmark = pytest.mark.usefixtures("installed")


def resolved(dotted: str) -> object:
    """What a name means: modules are imported, the rest are attributes; the client's methods are asked of a client."""
    parts = dotted.split(".")
    found: object = importlib.import_module(parts[0])
    for position, part in enumerate(parts[1:], 2):
        below_a_package = found is not runyard and hasattr(found, "__path__") and not hasattr(found, part)
        found = importlib.import_module(".".join(parts[:position])) if below_a_package else getattr(found, part)
        if found is runyard.MlflowClient:
            found = runyard.MlflowClient()
    return found


def test_the_list_is_that_of_twenty_packages() -> None:
    """It shows that the test below looks at something."""
    assert len(NAMES) == 20
    assert set(LATER) < set(ALL)


@pytest.mark.parametrize("name", [name for name in ALL if name not in LATER])
def test_name_resolves(name: str) -> None:
    """A logger that uses it works."""
    assert resolved(name) is not None


@pytest.mark.parametrize("name", sorted(LATER))
def test_name_of_a_later_part_says_so(name: str) -> None:
    """A logger that uses it fails with the reason."""
    with pytest.raises((AttributeError, ModuleNotFoundError), match=LATER[name]):
        resolved(name)
