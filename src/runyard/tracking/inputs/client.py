"""What the client can do with the inputs of runs."""

from collections.abc import Sequence

from runyard.protocol.client_part import ClientPart
from runyard.tracking.experiments.messages import Tag
from runyard.tracking.inputs import entities
from runyard.tracking.inputs.messages import Dataset, DatasetInput, LogInputs, ModelInput


class InputsClient(ClientPart):
    """Inputs: note what a run used."""

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[entities.DatasetInput] | None = None,
        models: Sequence[entities.LoggedModelInput] | None = None,
        *,
        synchronous: bool | None = None,
    ) -> None:
        """Note the datasets and models a run uses. Repeating it changes nothing.

        Parameters
        ----------
        synchronous: True waits until they are stored or raises; False does not wait at all.
        """
        message = LogInputs(
            run_id=run_id,
            datasets=[_dataset_input(entry) for entry in datasets or ()],
            models=[ModelInput(model_id=model.model_id) for model in models or ()],
        )
        if synchronous is False:
            self.connection.write_behind(message)
        else:
            self.connection.write(message, synchronous)


def _dataset_input(entry: entities.DatasetInput) -> DatasetInput:
    dataset = entry.dataset
    return DatasetInput(
        dataset=Dataset(
            name=dataset.name,
            digest=dataset.digest,
            source_type=dataset.source_type,
            source=dataset.source,
            schema=dataset.schema,
            profile=dataset.profile,
        ),
        tags=[Tag(key=tag.key, value=tag.value) for tag in entry.tags or ()],
    )
