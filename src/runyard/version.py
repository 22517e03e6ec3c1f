"""Our version, and the MLflow release whose interfaces we match."""

__version__ = "0.1.0"

VERSION = "3.17.2"
"""The MLflow release, which other libraries compare with to know what they may call."""

COMPATIBLE = f"{VERSION}+runyard.{__version__}"
"""What `runyard.__version__` says: both, comparable with MLflow's by the rules of PEP 440, and recognisable as ours."""
