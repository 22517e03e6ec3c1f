"""Our version, and the MLflow release whose interfaces we match."""

RELEASE = "0.1.0"
VERSION = "3.17.2"
"""The MLflow release, which other libraries compare with to know what they may call."""

__version__ = f"{VERSION}+runyard.{RELEASE}"
"""Both: newer than MLflow's release of the same number by the rules of PEP 440, and recognisable as ours."""
