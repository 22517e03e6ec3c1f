"""The examples of all flavors that can be tried in this environment."""

import pytest

from runyard.flavors.table import FLAVORS
from runyard.models.flavor import Flavor
from tests.flavors.examples import Example, examples_of
from tests.support import families


def examples() -> list[tuple[Flavor, Example]]:
    """Those of the flavors that can be tried in this environment."""
    elsewhere = set(families.folders_of_others(families.current()))
    folders = {flavor: flavor.module.rpartition(".")[2] for flavor in FLAVORS.values()}
    own = families.FAMILIES[families.current()].folders if families.current() else ()
    return [
        (flavor, example)
        for flavor, folder in folders.items()
        if folder not in elsewhere and (not own or folder in own) and flavor.library
        for example in examples_of(folder)
    ]


ALL = examples()
FIRST = list({flavor.name: (flavor, example) for flavor, example in reversed(ALL)}.values())
"""One model of each flavor, for what does not depend on the model."""

every_model = pytest.mark.parametrize(
    ("flavor", "example"), ALL, ids=[f"{flavor.name}-{example.name}" for flavor, example in ALL]
)
every_flavor = pytest.mark.parametrize(("flavor", "example"), FIRST, ids=[flavor.name for flavor, _ in FIRST])
