"""Modules are known by the package they were installed with."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from runyard.core.installed import named_with_version, packages_of_modules


def test_modules_have_the_packages_that_python_names() -> None:
    """All that can be imported, in the environment of this suite; the alias's stand-in for mlflow is not asked."""
    program = "import json; from importlib import metadata; print(json.dumps(metadata.packages_distributions()))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    wanted = {
        module: sorted(set(packages)) for module, packages in json.loads(told.stdout).items() if module.isidentifier()
    }
    found = {module: sorted(packages) for module, packages in packages_of_modules().items() if module in wanted}

    assert wanted == found
    assert ["PyYAML"] == packages_of_modules()["yaml"]


def test_what_is_installed_meanwhile_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its list of files, whatever this says of modules; and once for each package."""
    monkeypatch.syspath_prepend(tmp_path)
    assert "fresh_module" not in packages_of_modules()

    for folder in (tmp_path, tmp_path / "behind"):
        info = folder / "fresh-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fresh\nVersion: 1.0\n")
        (info / "RECORD").write_text(
            'fresh_module/__init__.py,sha256=abc,1\n"fresh, single.py",,\nfresh_single.py,,\n../../bin/fresh,,\n'
            "fresh-1.0.dist-info/RECORD,,\nfresh_module.libs/one.so,,\n"
        )
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "behind")])

    found = packages_of_modules()
    assert {"fresh_module": ["fresh"], "fresh_single": ["fresh"]} == {
        module: packages for module, packages in found.items() if "fresh" in packages
    }


def test_packages_are_listed_as_python_lists_them() -> None:
    """All of this environment."""
    wanted = {f"{one.metadata['Name']}=={one.version}" for one in metadata.distributions()}

    assert wanted == named_with_version(metadata.distributions())


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a-1.dist-info/METADATA", "Metadata-Version: 2.1\r\nName: a.b\r\nVersion: 1.0 \r\n\r\nName: text\r\n"),
        ("a-1.egg-info/PKG-INFO", "Metadata-Version: 1.0\nSummary: of a\n Name: text\nVersion:1.0\nname: a.b\n"),
        ("a-1.dist-info/METADATA", "Version: 1.0\nName: a.b"),
    ],
)
def test_a_description_may_look_otherwise(file: str, text: str, tmp_path: Path) -> None:
    """Not every tool writes them alike."""
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).write_bytes(text.encode())

    assert {"a.b==1.0"} == named_with_version(metadata.distributions(path=[str(tmp_path)]))
