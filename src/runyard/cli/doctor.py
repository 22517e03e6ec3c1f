"""`runyard doctor`: what a bug report needs to say."""

import click


@click.command()
@click.option("--mask-envs", is_flag=True, help="Do not print the values of environment variables.")
def doctor(mask_envs: bool) -> None:
    """Print versions, the store and the settings in force, for a bug report. Secrets are always masked."""
    from runyard.doctor import doctor as report
    report(mask_envs)
