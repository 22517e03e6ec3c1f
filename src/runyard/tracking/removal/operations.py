"""Operations that remove for good."""

from typing import Any

from runyard.db.facts import ARTIFACTS_DESTINATION, fact
from runyard.db.jobs import Unfinished
from runyard.db.transaction import Transaction
from runyard.gate.performers import performs
from runyard.protocol.answer import Wire
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.removal.claims import OwnArtifacts
from runyard.tracking.removal.experiments import Check, claim_experiment
from runyard.tracking.removal.messages import RemoveExperiment
from runyard.tracking.removal.needs import needed_by_others


@performs(RemoveExperiment)
def remove_experiment(tx: Transaction, message: RemoveExperiment) -> Wire | Unfinished:
    """Claim it; what the server does in the background removes what is claimed."""
    needed = needed_by_others(fact(tx, ARTIFACTS_DESTINATION))
    found: Any = claim_experiment(
        tx, experiment_number(message.experiment_id), Check(needed, OwnArtifacts(tx), lambda claim: {})
    )
    return found  # type: ignore[no-any-return]
