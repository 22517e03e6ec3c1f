"""What is said about the artifacts of a run."""

from runyard.exceptions import InvalidParameter
from runyard.protocol.message import Message


class ListArtifacts(Message, get="artifacts/list", needs="run.read"):
    """What lies directly in a folder of a run's artifacts."""

    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None
    page_token: str | None = None

    def check(self) -> None:
        if not (self.run_id or self.run_uuid):
            raise InvalidParameter("Missing value for required parameter 'run_id'.")
