"""Writing a model's folder: what every flavor's ``save_model`` has in common."""

import logging
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from runyard.exceptions import InvalidParameter, RunyardException
from runyard.models.environment import files as environment_files
from runyard.models.example import parted, save_example
from runyard.models.flavor import Flavor
from runyard.models.mlmodel import MLMODEL, PYFUNC, MLmodel
from runyard.models.options import Options
from runyard.models.signature import ModelSignature, infer_signature
from runyard.pyfunc.inference import inferred_requirements

CODE = "code"

log = logging.getLogger(__name__)


@dataclass
class Folder:
    """A model's folder being written.

    Attributes
    ----------
    path: Where it is.
    model: Its description; flavors are added to it.
    code: The folder of the copied modules in it, or None.
    options: What the caller said of the model; a flavor may replace them.
    predict: What the model gives for an example, to infer the signature from; set by a flavor that predicts.
    extra_files: Paths of files in it that the caller wants to keep with the model.
    packages: What the model needs in any case, by the names pip knows; a flavor adds what this model needs besides.
    """

    path: Path
    model: MLmodel
    code: str | None
    options: Options = field(default_factory=Options)
    predict: Callable[[Any], Any] | None = None
    extra_files: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    def add(
        self,
        flavor: Flavor,
        data: str | None = None,
        *,
        pyfunc: Mapping[str, Any] | None = MappingProxyType({}),
        **settings: Any,
    ) -> None:
        """Add a flavor to the description, and the one that makes it a pyfunc, read by the flavor's module.

        Parameters
        ----------
        data: The flavor's file or folder, named in both; None when the settings name it.
        pyfunc: More settings of the pyfunc flavor; None for a model that does not predict.
        settings: Settings of the flavor. Its version, the code and the extra files are added to them.
        """
        place = {"data": data} if data else {}
        if pyfunc is not None:
            code = {"code": self.code} if self.code else {}
            self.model.add_flavor(
                PYFUNC,
                loader_module=flavor.loader_module,
                python_version=platform.python_version(),
                env=dict(environment_files.ENVIRONMENT),
                **{**place, **code, **pyfunc},
            )
        extra = {"extra_files": [{"path": path} for path in self.extra_files]} if self.extra_files else {}
        version = {flavor.version_key: flavor.version} if flavor.version_key else {}
        self.model.add_flavor(flavor.name, **{**version, **place, **settings, "code": self.code, **extra})

    @property
    def signature(self) -> ModelSignature | bool | None:
        """What the caller gave as its signature."""
        return self.options.signature

    def found_signature(self) -> ModelSignature | None:
        """The model's signature: the caller's, or what the example and `predict` tell; None if they tell none.

        A flavor whose files depend on it asks for it when `predict` is set.
        """
        given, example = self.options.signature, self.options.input_example
        if isinstance(given, ModelSignature):
            self.model.signature = given
        elif given is None and self.model.signature is None and example is not None and self.predict:
            self.model.signature = _inferred(example, self.predict)
            if self.model.signature is None:
                self.options = replace(self.options, signature=False)  # it is tried and told once
        return self.model.signature


@contextmanager
def saving(
    path: str | Path,
    options: Options,
    mlflow_model: MLmodel | None = None,
    packages: Sequence[str] = (),
) -> Iterator[Folder]:
    """Make a model's folder; the environment and the description are written when its flavors were.

    What only describes the model never keeps it from being saved: it is left out with a warning.

    Parameters
    ----------
    path: A folder that is not there yet, or is empty.
    mlflow_model: The description to fill in; a new one when left out.
    packages: What the flavor needs in any case, by the names pip knows.

    Raises
    ------
    InvalidParameter: The folder is not empty, or the options contradict each other. Nothing is left of it then.
    """
    environment_files.check(options.conda_env, options.pip_requirements, options.extra_pip_requirements)
    if not isinstance(options.signature, ModelSignature) and options.signature not in (None, False):
        raise InvalidParameter(f"'signature' is a ModelSignature, None or False, not {options.signature!r}.")
    existed = Path(path).exists()
    folder = new_folder(path)
    model = mlflow_model if mlflow_model is not None else MLmodel()
    try:
        code = copied_code(options.code_paths, folder)
        if options.metadata is not None:
            model.metadata = {**(model.metadata or {}), **options.metadata}
        made = Folder(folder, model, code, options, packages=list(packages))
        yield made
        if made.options.input_example is not None:
            model.saved_input_example_info = _saved_example(made.options.input_example, folder)
        made.found_signature()
        model.model_size_bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        model.save(str(folder / MLMODEL))  # what it needs is found out by loading it
        environment_files.write(folder, made.options, partial(inferred_requirements, folder, made.packages))
    except BaseException:
        _emptied(folder)
        if not existed:
            folder.rmdir()
        raise


def new_folder(path: str | Path) -> Path:
    """A folder for a model.

    Raises
    ------
    InvalidParameter: Something is there already.
    """
    folder = Path(path)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidParameter(f"Path {str(path)!r} already exists and is not empty. Choose another, or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _emptied(folder: Path) -> None:
    """Remove a half-written folder: it would look like a model and block the next attempt."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def copied_code(code_paths: Sequence[str] | None, folder: Path, below: str = CODE) -> str | None:
    """Copy files and folders of Python modules into a model's folder.

    Parameters
    ----------
    below: The folder in it that they go to.

    Returns
    -------
    That folder; None when there is nothing to copy.

    Raises
    ------
    InvalidParameter: It is not a list of paths, or one of them is not there.
    """
    if code_paths is None:
        return None
    if isinstance(code_paths, str) or not all(isinstance(path, str | Path) for path in code_paths):
        raise InvalidParameter(f"'code_paths' is a list of paths, not {code_paths!r}.")
    target = folder / below
    target.mkdir()
    for given in code_paths:
        source = Path(given)
        if not source.exists():
            raise InvalidParameter(f"'code_paths' names {str(given)!r}, which does not exist.")
        if source.is_dir():
            copy_folder(source, target / source.resolve().name, folder, "__pycache__", "*.pyc")
        else:
            shutil.copy2(source, target / source.name)
    return below if code_paths else None


def copy_folder(source: Path, target: Path, model: Path, *but: str) -> None:
    """Copy a folder into a model's folder, which is left out itself where it is below that.

    Parameters
    ----------
    target: What it becomes.
    model: The model's folder.
    but: Patterns of names that are not copied.

    Raises
    ------
    InvalidParameter: Something in it cannot be read, or is a link that leads nowhere.
    """
    patterns, own = shutil.ignore_patterns(*but), model.resolve()

    def ignored(place: str, names: list[str]) -> set[str]:
        return {*patterns(place, names), *(name for name in names if Path(place, name).resolve() == own)}

    try:
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    except shutil.Error as problem:
        place, _, reason = problem.args[0][0]
        raise InvalidParameter(
            f"{str(source)!r} cannot be copied into the model because of {place!r}: {reason}."
        ) from None


def _saved_example(example: Any, folder: Path) -> dict[str, Any] | None:
    try:
        return save_example(example, folder)
    except Exception as problem:  # noqa: BLE001  (an example may be anything)
        log.warning("The model is saved without its input example, which cannot be written: %s", in_words(problem))
        return None


def _inferred(given: Any, predict: Callable[[Any], Any]) -> ModelSignature | None:
    example, params = parted(given)
    reason = "it does not predict its input example"
    try:
        outputs = predict(given)
        reason = "its input example does not tell one"
        return infer_signature(example, outputs, params)
    except Exception as problem:  # noqa: BLE001  (a model's code may fail in any way)
        log.warning("The model is saved without a signature, since %s: %s", reason, in_words(problem))
        return None


def in_words(problem: BaseException) -> str:
    """An error in a line, with its kind when it is not one of ours."""
    text = " ".join(str(problem).split())
    return text if isinstance(problem, RunyardException) and text else f"{type(problem).__name__}: {text}"
