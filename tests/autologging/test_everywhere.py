"""``runyard.autolog()`` reaches libraries that are imported already and those that are imported later."""

import subprocess
import sys
from pathlib import Path

import pytest

from runyard.autologging import integrations
from runyard.exceptions import InvalidParameter

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
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout.splitlines() == expected, done.stderr


def test_extra_tags_must_be_a_dictionary() -> None:
    """The error says which library and what to give."""
    with pytest.raises(InvalidParameter, match=r"extra_tags.*lib\.autolog.*dictionary"):
        integrations.configure("lib", {"extra_tags": ["team"]})
    assert "lib" not in integrations.AUTOLOGGING_INTEGRATIONS
