"""What every flavor promises. One that is added to the list is tested here without another line."""

import importlib
import inspect
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import runyard
from runyard.core.installed import packages_of_modules
from runyard.exceptions import InvalidParameter, MissingPackage
from runyard.flavors.table import FLAVORS, flavor_named
from runyard.models.flavor import Flavor
from runyard.models.loading import loader_named

OFFERED = {"save_model", "log_model", "load_model", "get_default_pip_requirements", "get_default_conda_env"}
SAVING = {
    "signature",
    "input_example",
    "pip_requirements",
    "extra_pip_requirements",
    "conda_env",
    "metadata",
    "code_paths",
}
LOGGING = {"artifact_path", "name", "registered_model_name", "params", "tags", "model_type", "step", "model_id"}

flavors = pytest.mark.parametrize("flavor", FLAVORS.values(), ids=lambda flavor: flavor.name)


@flavors
def test_a_flavor_offers_what_every_flavor_does(flavor: Flavor) -> None:
    """The functions are there, take the arguments that scripts pass to any of them, and are reached from runyard."""
    module = flavor.load()
    assert {name for name in OFFERED if not callable(getattr(module, name, None))} == set()
    assert set(inspect.signature(module.save_model).parameters) >= SAVING
    given: dict[str, object] = dict.fromkeys(SAVING | LOGGING)
    assert inspect.signature(module.log_model).bind_partial(**given).arguments
    assert getattr(runyard, flavor.module.rpartition(".")[2]) is module


@flavors
@pytest.mark.parametrize("name", sorted(OFFERED | {"autolog"}))
def test_help_describes_every_parameter(flavor: Flavor, name: str) -> None:
    """Functions that are made of others show their own parameters, and say where they are."""
    if name == "autolog" and not hasattr(flavor.load(), name):
        return
    function = getattr(flavor.load(), name)
    described = inspect.getdoc(function) or ""

    assert getattr(importlib.import_module(function.__module__), function.__qualname__) is function
    assert "~" not in str(inspect.signature(function))
    listed = {each for line in described.splitlines() for each in line.partition(": ")[0].split(", ")}
    missing = {each for each in inspect.signature(function).parameters if each not in listed}
    assert not missing or name == "log_model" or not flavor.library


@flavors
def test_loading_refuses_what_it_does_not_take(flavor: Flavor) -> None:
    """The error names the function, before anything is fetched."""
    with pytest.raises(TypeError, match=r"load_model\(\).* argument"):
        flavor.load().load_model()


@flavors
def test_a_flavor_is_read_by_a_loader_with_mlflows_name(flavor: Flavor) -> None:
    """MLflow finds a module of that name in itself, and we find ours."""
    assert flavor.loader_module.startswith("mlflow.")
    assert callable(loader_named(flavor.loader_module)._load_pyfunc)


@flavors
def test_default_requirements_are_pinned(flavor: Flavor) -> None:
    """The library itself is among them, pinned where it is installed; the conda environment says the same."""
    module = flavor.load()
    lines = module.get_default_pip_requirements()
    if flavor.library:
        names = packages_of_modules().get(flavor.imported_as, ()) if find_spec(flavor.imported_as) else ()
        installed = [f"{name}=={metadata.version(name).partition('+')[0]}" for name in names]
        assert set(installed or [flavor.library]) & set(lines)
    assert set(lines) <= set(yaml.safe_load(yaml.safe_dump(module.get_default_conda_env()))["dependencies"][-1]["pip"])


def test_a_flavor_that_is_not_there_is_told_in_words() -> None:
    """The message names those that are."""
    with pytest.raises(InvalidParameter, match=r"no flavor 'mleap'; it has .*sklearn.*python_function"):
        flavor_named("mleap")


def test_a_library_that_is_not_installed_is_told_with_what_installs_it(tmp_path: Path) -> None:
    """Saving and loading say it; naming the flavor does not need the library."""
    missing = [flavor for flavor in FLAVORS.values() if flavor.library and find_spec(flavor.imported_as) is None]
    assert missing
    for flavor in missing:
        folder = tmp_path / flavor.name
        folder.mkdir()
        (folder / "model").write_bytes(b"")
        settings = {flavor.name: {"data": "model", flavor.version_key: "1.0"}}
        (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": settings}), encoding="utf-8")
        with pytest.raises(MissingPackage, match=r"pip install 'runyard\[[\w-]+\]'"):
            flavor.load().load_model(str(folder))
        with pytest.raises(MissingPackage, match=r"pip install 'runyard\[[\w-]+\]'"):
            flavor.load().save_model(object(), str(tmp_path / "new"))
