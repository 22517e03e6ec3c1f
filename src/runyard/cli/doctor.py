"""`runyard doctor`: versions and settings for a bug report."""

import click

from runyard.cli.output import output_option, show_json, show_pairs
from runyard.fluent.doctor import diagnosis


@click.command()
@click.option("--mask-envs", is_flag=True, help="Do not print the values of environment variables at all.")
@output_option()
def doctor(mask_envs: bool, output: str) -> None:
    """Print versions and settings for a bug report. Passwords and tokens are masked always."""
    (show_json if output == "json" else show_pairs)(diagnosis(mask_envs))
