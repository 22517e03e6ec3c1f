"""The data of a call as a dataset that is noted with the run."""

from typing import TYPE_CHECKING, Any

from runyard.client import RunyardClient
from runyard.core.libraries import np, pd
from runyard.core.tags import CONTEXT_TAG
from runyard.data import from_numpy, from_pandas
from runyard.tracking.inputs.entities import DatasetInput, InputTag

if TYPE_CHECKING:
    from runyard.data.dataset import Dataset

MAX_CELLS_OF_SPARSE = 10_000_000


def dataset_of(features: Any, targets: Any = None, name: str | None = None) -> "Dataset | None":
    """A dataset of a table, an array or a sparse matrix; None for other data, such as lists of texts.

    Sparse matrices are spread out for it, which very large ones are spared.
    """
    if isinstance(features, pd.DataFrame):
        return from_pandas(features, name=name)
    if hasattr(features, "toarray") and features.shape[0] * features.shape[1] <= MAX_CELLS_OF_SPARSE:
        features = features.toarray()
    if not isinstance(features, np.ndarray):
        return None
    return from_numpy(features, targets=None if targets is None else np.asarray(targets), name=name)


def note_dataset(client: RunyardClient, run_id: str, dataset: "Dataset", context: str) -> None:
    """Note a dataset as an input of a run, without waiting for the store.

    Parameters
    ----------
    context: What it is used for: ``"train"`` or ``"eval"``.
    """
    use = DatasetInput(dataset._to_mlflow_entity(), [InputTag(CONTEXT_TAG, context)])
    client.log_inputs(run_id, [use], synchronous=False)
