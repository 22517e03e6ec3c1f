"""A training process of its own: `training.py URI RUN_ID FIRST COUNT`. Prints the steps that were acknowledged."""

import os
import sys

from runyard.client import RunyardClient


def main(uri: str, run_id: str, first: int, count: int) -> None:
    """Log one point a step, and a tag now and then."""
    client = RunyardClient(uri)
    for step in range(first, first + count):
        client.log_metric(run_id, "loss", step / 2, step=step)
        os.write(1, b"%d\n" % step)
        if step % 200 == 199:
            client.set_tag(run_id, "reached", step)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
