"""``runyard.autolog()`` reaches libraries that are imported already and those that are imported later."""

from pathlib import Path

import pytest

from runyard.autologging import integrations
from runyard.exceptions import InvalidParameter
from tests.support.programs import BENEATH_SKLEARN, start_program

AFTERWARDS = """
import runyard
runyard.autolog(extra_tags={"team": "red"})
import sys
assert "sklearn" not in sys.modules
import sklearn.linear_model
print(runyard.utils.autologging_utils.get_autologging_config("sklearn", "extra_tags"))
print(hasattr(sklearn.linear_model.LinearRegression.fit, "__wrapped__"), sklearn.__spec__.loader.__class__.__name__)
"""

BEFORE = """
import sklearn.linear_model
import runyard
runyard.sklearn.autolog(max_tuning_runs=7)
runyard.autolog(disable=True)
print(runyard.utils.autologging_utils.get_autologging_config("sklearn", "disable"))
print(runyard.utils.autologging_utils.get_autologging_config("sklearn", "max_tuning_runs"))
"""

EXCLUDED = """
import sklearn
import runyard
runyard.autolog(exclude_flavors=["sklearn"])
print(runyard.utils.autologging_utils.autologging_is_disabled("sklearn"))
runyard.autolog()
print(runyard.utils.autologging_utils.autologging_is_disabled("sklearn"))
runyard.autolog(disable=True)
print(runyard.utils.autologging_utils.autologging_is_disabled("sklearn"))
"""


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (AFTERWARDS, ["{'team': 'red'}", "True SourceFileLoader"]),
        (BEFORE, ["False", "7"]),
        (EXCLUDED, ["True", "False", "True"]),
    ],
)
def test_libraries_are_reached(program: str, expected: list[str], tmp_path: Path) -> None:
    """Later imports are noticed, a library's own options win, libraries can be left out and switched off again."""
    _, out, errors = start_program(program, folder=tmp_path, loaded=BENEATH_SKLEARN).finish()

    assert out.splitlines() == expected, errors


TOLD = """
import sys
import runyard
sys.path.insert(0, "libraries")
if "{when}" == "before":
    import {library}
runyard.autolog({options})
if "{when}" == "after":
    import {library}
runyard.autolog({options})
"""


def _warnings(tmp_path: Path, library: str, when: str, options: str = "") -> list[str]:
    folder = tmp_path.joinpath("libraries", *library.split("."))
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    program = TOLD.format(library=library, when=when, options=options)
    code, _, errors = start_program(program, folder=tmp_path, loaded=BENEATH_SKLEARN).finish()
    assert code == 0, errors
    return errors.splitlines()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("library", ["paddle", "fastai", "setfit", "google.genai"])
def test_libraries_that_are_not_watched_are_told_of(library: str, when: str, tmp_path: Path) -> None:
    """One warning names the library and what to do, whenever it is imported and however often autolog is called."""
    [told] = _warnings(tmp_path, library, when)

    assert library in told
    assert "Runyard does not watch it" in told


@pytest.mark.parametrize("when", ["before", "after", "never"])
@pytest.mark.parametrize("options", ["silent=True", "disable=True", "exclude_flavors=['fastai']"])
def test_who_wants_to_hear_nothing_is_told_nothing(options: str, when: str, tmp_path: Path) -> None:
    """Silence, switching off and leaving a library out hold for these warnings too."""
    assert _warnings(tmp_path, "fastai", when, options) == []


def test_libraries_that_are_never_imported_are_not_told_of(tmp_path: Path) -> None:
    """It does not matter whether they are installed, and they are not loaded to find out."""
    assert _warnings(tmp_path, "fastai", "never") == []


def test_extra_tags_must_be_a_dictionary() -> None:
    """The error says which library and what to give."""
    with pytest.raises(InvalidParameter, match=r"extra_tags.*lib\.autolog.*dictionary"):
        integrations.configure("lib", {"extra_tags": ["team"]})
    assert "lib" not in integrations.AUTOLOGGING_INTEGRATIONS


LOOKED_UP = """
import runyard
utils = runyard.utils.autologging_utils
known, off = utils.AUTOLOGGING_INTEGRATIONS, utils.autologging_is_disabled
print(known["mlflow"].get("log_models", True), off("mlflow"))
runyard.autolog(log_models=False)
print(known["mlflow"]["log_models"], off("mlflow"))
runyard.autolog(disable=True)
print(known["mlflow"]["log_models"], off("mlflow"))
"""


def test_libraries_look_up_the_general_options(tmp_path: Path) -> None:
    """FLAML asks for them under MLflow's name before it logs, and logs nothing when there is no such name."""
    _, out, errors = start_program(LOOKED_UP, folder=tmp_path, loaded=BENEATH_SKLEARN).finish()

    assert ["True True", "False False", "True True"] == out.splitlines(), errors
