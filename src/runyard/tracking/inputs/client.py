"""Methods of the client for inputs of runs."""

from collections.abc import Sequence

from runyard.protocol.client_part import ClientPart
from runyard.tracking.inputs.entities import DatasetInput, LoggedModelInput
from runyard.tracking.inputs.messages import LogInputs


class InputsClient(ClientPart):
    """Inputs: note the datasets and models of a run."""

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[DatasetInput] | None = None,
        models: Sequence[LoggedModelInput] | None = None,
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
            datasets=list(datasets or ()),
            models=list(models or ()),
        )
        if synchronous is False:
            self.connection.write_behind(message)
        else:
            self.connection.write(message, synchronous)
