"""Finds the files that travel beside the code: ``web/`` and ``migrations/``, in a checkout or in the wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def web() -> Path:
    """The folder of templates, static files and documentation."""
    return _folder("web")


def migrations() -> Path:
    """The folder of Alembic's environment and revisions."""
    return _folder("migrations")


def _folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent.parent / name
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(
        f"Runyard's folder {name!r} is neither at {installed} nor at {checkout}: the installation is incomplete. "
        "Install Runyard again."
    )
