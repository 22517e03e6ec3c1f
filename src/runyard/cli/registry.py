"""`runyard registry`: registered models, their versions, aliases and stages."""

import click

from runyard.cli.groups import CommandGroup
from runyard.cli.registry_models import create, create_version, delete, list_models, rename, show
from runyard.cli.registry_moves import delete_alias, history, promote, set_alias, set_stage


@click.group(cls=CommandGroup)
def registry() -> None:
    """Register models, move aliases and stages, promote versions.

    The store is the one that RUNYARD_REGISTRY_URI (or MLFLOW_REGISTRY_URI) names, the tracking store when neither is
    set.
    """


for _command in (
    list_models,
    show,
    create,
    create_version,
    rename,
    delete,
    set_alias,
    delete_alias,
    set_stage,
    history,
    promote,
):
    registry.add_command(_command)
