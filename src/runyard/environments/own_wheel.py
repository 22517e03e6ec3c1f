"""This Runyard as a wheel, so that environments get the running version, not an index's."""

import hashlib
import importlib.metadata
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from runyard import _resources, settings
from runyard.exceptions import RunyardException

_WHEEL = "Wheel-Version: 1.0\nGenerator: runyard\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_PACKED_AT = (1980, 1, 1, 0, 0, 0)
"""Always: the same files make the same wheel."""


def environment_root() -> Path:
    """The folder that holds the environments."""
    given = settings.ENV_ROOT.get()
    return Path(given).absolute() if given else Path.home() / ".runyard" / "environments"


def own_requirement() -> str:
    """The requirement for this Runyard: its wheel.

    Raises
    ------
    RunyardException: It runs without having been installed, so that nothing says what it needs.
    """
    return f"runyard @ {own_wheel().as_uri()}"


def own_wheel() -> Path:
    """A wheel of this Runyard, made now if there is none of this content yet.

    Raises
    ------
    RunyardException: It runs without having been installed, so that nothing says what it needs.
    """
    try:
        about = importlib.metadata.distribution("runyard")
    except importlib.metadata.PackageNotFoundError:
        raise RunyardException(
            "Runyard is imported from a folder in which it is not installed, so no environment can get it. Install it, "
            "or use --env-manager local."
        ) from None
    files = dict(_files())
    info = f"runyard-{about.version}.dist-info"
    texts = {"METADATA": about.read_text("METADATA"), "entry_points.txt": about.read_text("entry_points.txt")}
    texts["WHEEL"] = _WHEEL
    files |= {f"{info}/{name}": text.encode() for name, text in texts.items() if text}
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    folder = environment_root() / "own" / digest.hexdigest()[:20]
    wheel = folder / f"runyard-{about.version}-py3-none-any.whl"
    if not wheel.exists():
        _pack(wheel, files, info)
    return wheel


def _files() -> Iterator[tuple[str, bytes]]:
    package = Path(_resources.__file__).resolve().parent
    folders = {"runyard": package, "runyard/_web": _resources.web(), "runyard/_migrations": _resources.migrations()}
    for prefix, folder in folders.items():
        if folder == package or not folder.is_relative_to(package):
            for file in sorted(folder.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield f"{prefix}/{file.relative_to(folder).as_posix()}", file.read_bytes()


def _pack(wheel: Path, files: dict[str, bytes], info: str) -> None:
    wheel.parent.mkdir(parents=True, exist_ok=True)
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    partial = wheel.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in {**files, f"{info}/RECORD": record.encode()}.items():
            opened.writestr(zipfile.ZipInfo(name, _PACKED_AT), content, zipfile.ZIP_DEFLATED)
    partial.replace(wheel)
