"""The `runyard` command, and `python -m runyard`."""

import importlib
import sys


def main() -> None:
    """Run the command line. Ctrl-C ends it in the same way while it is loading: with 130 and one line."""
    try:
        command = importlib.import_module("runyard.cli.main")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    command.main()


if __name__ == "__main__":
    main()
