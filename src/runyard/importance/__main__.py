"""Reads the values of runs from standard input and writes what is found, both as JSON."""

import dataclasses
import json
import sys

from runyard.importance.findings import find


def main() -> None:
    """Read, find, write."""
    given = json.load(sys.stdin)
    json.dump(dataclasses.asdict(find(given["metric"], given["params"])), sys.stdout)


main()
