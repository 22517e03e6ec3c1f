"""Packages of conda environments, asked for by their names from pip."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_SPEC = re.compile(r"\s*(?:[^\s:]+::)?([A-Za-z0-9_][\w.-]*)\s*(.*?)\s*")
_PIP_NAMES = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "py-xgboost": "xgboost",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "dask-core": "dask",
    "python-graphviz": "graphviz",
    "importlib_metadata": "importlib-metadata",
}
_NO_PYTHON = re.compile(
    r"_.*|r-.*|lib(gcc|gfortran|gomp|stdcxx|blas|cblas|lapack|openblas|ffi|png|jpeg|tiff|xml2|curl|zlib|uuid|sqlite).*|"
    r"(gcc|gxx|clang|gfortran|compilers|c-compiler|cxx-compiler|make|pkg-config|binutils|sysroot)([_-].*)?|"
    r"(openjdk|nodejs|git|curl|wget|ffmpeg|openssl|ca-certificates|zlib|bzip2|xz|tk|readline|ncurses|sqlite|ld_impl.*|"
    r"graphviz|cudatoolkit|cudnn|cuda-.*|cuda|nccl|pytorch-cuda|pytorch-mutex|cpuonly|blas|mkl-service|nomkl|"
    r"llvm-openmp|intel-openmp|openblas|java-.*|maven|tzdata|vc|vs20.*)"
)
_PARTS = 3
"""Of a version: more are pip's alone, as in opencv-python 4.10.0.84. A single = takes what begins so."""
_PIN = re.compile(r"=?\s*([\w.!+*-]+?)(?:\s*=\s*\S+|\s+\S+)?")


def python_of(dependencies: Sequence[Any]) -> str:
    """The version of Python that an environment names; empty when it names none."""
    for one in dependencies:
        if isinstance(one, str) and (found := _SPEC.fullmatch(one)) and found[1] == "python":
            version = re.search(r"\d+(\.\d+)*", found[2])
            return version[0] if version else ""
    return ""


def plain_packages(dependencies: Sequence[Any]) -> list[str]:
    """What an environment names for conda itself, besides Python and pip."""
    found = [one for one in dependencies if isinstance(one, str)]
    return [one for one in found if (name := _SPEC.fullmatch(one)) is None or name[1] not in ("python", "pip")]


def pip_part(dependencies: Sequence[Any]) -> list[str]:
    """The lines for pip of an environment."""
    parts = [one["pip"] for one in dependencies if isinstance(one, Mapping) and one.get("pip")]
    return [str(line) for part in parts for line in part]


def from_pip(packages: Sequence[str]) -> tuple[list[str], list[str]]:
    """Packages of conda as requirements for pip, and those that pip does not have: programs and libraries in C."""
    lines, skipped = [], []
    for package in packages:
        found = _SPEC.fullmatch(package)
        if found is None or _NO_PYTHON.fullmatch(found[1].lower()):
            skipped.append(package)
        else:
            lines.append(f"{_PIP_NAMES.get(found[1].lower(), found[1])}{_version(found[2])}")
    return lines, skipped


def pinned(package: str, requirement: str) -> str:
    """A package of conda with the version of a requirement for pip; one that says a version itself as it is."""
    found = _SPEC.fullmatch(package)
    version = requirement.partition("==")[2]
    if found is None or found[2] or not version:
        return package
    return f"{package.strip()}={'.'.join(version.split('.')[:_PARTS])}"


def _version(given: str) -> str:
    """Limits of a version as pip writes them. A single = of conda takes all versions that begin so."""
    if not given or given.startswith("[") or "|" in given or given == "*":
        return ""
    if re.match(r"[<>!~]", given) or "," in given:
        return re.sub(r"(?<![<>=!~])=(?!=)", "==", given).replace(" ", "")
    exact = re.fullmatch(r"==\s*([\w.!+*-]+)", given)
    if exact:
        return f"=={exact[1]}"
    pin = _PIN.fullmatch(given)
    if pin is None:
        return ""
    has_build = given.count("=") > 1 or not given.startswith("=")
    return f"=={pin[1]}" if has_build or pin[1].endswith("*") else f"=={pin[1]}.*"
