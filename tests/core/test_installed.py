"""Modules are known by the package they were installed with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runyard.core.installed import packages_of_modules


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
