"""Says that it runs, and would run for long."""

import os
import sys
import time
from pathlib import Path

import mlflow

with mlflow.start_run():
    mlflow.log_metric("before", 1)
    Path(sys.argv[1]).write_text(str(os.getpid()))
    time.sleep(100)
