"""Tiny packages as wheels, written by hand: they are installed without a build and without a network."""

import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, version: str, **modules: str) -> Path:
    """A wheel with these modules: their names, and what stands in them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    about = f"{name}-{version}.dist-info"
    files = {f"{name}/{module}.py": text for module, text in {"__init__": "", **modules}.items()}
    files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files[f"{about}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{about}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as opened:
        for file, text in files.items():
            opened.writestr(file, text)
    return path


def stand_in(folder: Path) -> Path:
    """A package of the name `runyard`: a project that names it gets it instead of a build of the checkout."""
    return wheel(folder, "runyard", "99.0", alias="def install(quiet):\n    pass\n")
