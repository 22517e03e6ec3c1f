"""The `runyard` command, and `python -m runyard`."""

import sys


def main() -> None:
    """Run the command line. Ctrl-C ends it in the same way while it is loading: with 130 and one line."""
    try:
        from runyard.cli.main import main as command  # noqa: PLC0415  (loading takes the longest part of many commands)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
