"""``python -m runyard.alias``."""

import sys

from runyard.mlflow.alias.script import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
