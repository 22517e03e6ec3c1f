"""Files of the project agree with each other."""

import re

from runyard.version import __version__
from tests.architecture.limits import ROOT

KINDS = set(
    "architecture benchmarks browser compat docs ecosystem faults integrations keras_backends loggers packaging "
    "recorded support".split()
)
"""Folders of tests that are about no single folder of the package."""

TESTED_ELSEWHERE = {"alias": "mlflow", "environments": "projects", "http": "server"}
"""Folder of the package → the folder of those that use it, through whom it is tested."""


def test_changelog_starts_with_the_version_of_the_package() -> None:
    """A user who looks up what changed must find the version they have."""
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert __version__ == headings[0]


def test_tests_of_a_folder_are_in_one_of_its_name() -> None:
    """A change of a folder does not begin with a search for its tests."""
    package = {file.parent.name for file in (ROOT / "src" / "runyard").glob("*/__init__.py")} | {"entities"}
    tests = {folder.name for folder in (ROOT / "tests").iterdir() if any(folder.glob("**/*.py"))}

    assert package - set(TESTED_ELSEWHERE) == tests - KINDS - {"__pycache__"}
    assert set(TESTED_ELSEWHERE.values()) <= tests


def test_readme_leads_with_the_two_commands_that_the_makefile_has() -> None:
    """A newcomer types what the readme says."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for verb in ("demo", "test"):
        assert f"make {verb}" in readme
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE)


def test_image_runs_the_server_without_being_root() -> None:
    """What a stranger sends must not be handled by root; Kubernetes knows that by a number only."""
    steps = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [step.split()[1] for step in steps if step.startswith("USER ")]

    assert users == ["10001"]
    assert 'CMD ["server"]' in steps
