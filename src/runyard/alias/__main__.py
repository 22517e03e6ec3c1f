"""``python -m runyard.alias``."""

import sys

from runyard.mlflow.alias.script import main

if __name__ == "__main__":
    # not sys.exit(main(…)): which exit it is would be looked up before the program runs, whose runs end by the code
    code = main(sys.argv[1:])
    if code:
        sys.exit(code)
