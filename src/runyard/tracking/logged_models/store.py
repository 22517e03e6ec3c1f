"""What the operations on logged models do."""

import runyard.tracking.logged_models.tables  # noqa: F401
from runyard.db.transaction import Transaction
from runyard.protocol.performing import Wire, performs
from runyard.tracking.experiments.messages import experiment_number
from runyard.tracking.logged_models.messages import SearchLoggedModels


@performs(SearchLoggedModels)
def search_logged_models(tx: Transaction, message: SearchLoggedModels) -> Wire:
    """Nothing: there is no way to create a logged model yet."""
    for experiment_id in message.experiment_ids:
        experiment_number(experiment_id)
    return {}
