"""Groups of commands: their help says in full what each command does."""

import click

_WHOLE = 1_000
"""Characters of a command's first sentence; click cuts it where the line ends."""


class CommandGroup(click.Group):
    """A group that lists its commands with their first sentences, over as many lines as these need."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of sub-commands."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, command.get_short_help_str(_WHOLE)) for name, command in sorted(self.commands.items())]
            )
