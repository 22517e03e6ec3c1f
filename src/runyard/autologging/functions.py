"""The `autolog` of a library: what all of them have in common, beside their own options and what they watch."""

import inspect
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import ParamSpec

from runyard._missing import EXTRAS
from runyard.autologging.integrations import configure, is_tested
from runyard.core.docstrings import described, docstring, sections
from runyard.core.libraries import required
from runyard.exceptions import MissingPackage

Options = ParamSpec("Options")
Version = tuple[int, int]

_SHARED = {
    "log_input_examples": "Keep a few rows of the training data with the model.",
    "log_model_signatures": "Keep the types of the model's inputs and outputs.",
    "log_models": "Log the trained model.",
    "log_datasets": "Note the data as inputs of the run.",
    "disable": "Stop logging automatically.",
    "exclusive": "Leave runs alone that the program started itself.",
    "disable_for_unsupported_versions": "Do nothing for versions of the library that were not tested.",
    "silent": "Log nothing on stderr, not even failures.",
    "registered_model_name": "Register each trained model under this name.",
    "extra_tags": "Tags for the runs that are started.",
}
_ERRORS = """\
InvalidParameter: `extra_tags` is not a dictionary.
MissingPackage: The library is not installed.
"""


def autologging(
    library: str, oldest: Version, newest: Version
) -> Callable[[Callable[Options, None]], Callable[Options, None]]:
    """Make a library's `autolog` of a function that has its parameters, and raises what is wrong with them.

    The docstring is completed with what every library's options mean. The module ``installation`` beside the function
    has ``install``, which watches the library or leaves it alone.

    Parameters
    ----------
    library: Its module.
    oldest, newest: The first two numbers of the versions that its part was tested with.
    """
    package, purpose = library.partition(".")[0], f"{library}.autolog()"

    def made(own: Callable[Options, None]) -> Callable[Options, None]:
        signature = inspect.signature(own)

        @wraps(own)
        def autolog(*args: Options.args, **kwargs: Options.kwargs) -> None:
            version = required(package, purpose).__version__
            own(*args, **kwargs)
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            options = given.arguments
            untested = options["disable_for_unsupported_versions"] and not is_tested(version, oldest, newest)
            configure(library, {**options, "disable": options["disable"] or untested})
            try:
                installation = import_module(f"{own.__module__}.installation")  # it loads the library
            except ModuleNotFoundError as problem:
                raise MissingPackage(str(problem.name), EXTRAS[package][1], purpose) from None
            installation.install(watched=not options["disable"] and not untested)

        text, parameters, errors = sections(own)
        shared = (name for name in signature.parameters if name not in described(parameters))
        lines = [f"{name}: {_SHARED[name]}" for name in shared]
        autolog.__doc__ = docstring(text, [parameters, *lines], [_ERRORS, errors])
        return autolog

    return made
