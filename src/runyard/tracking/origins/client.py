"""Methods of the client for what runs were started with."""

from runyard.protocol.client_part import ClientPart
from runyard.tracking.origins.messages import GetOrigin, Origin


class OriginsClient(ClientPart):
    """What runs were started with: command, folder, packages, machine and uncommitted changes."""

    def get_run_origin(self, run_id: str) -> Origin:
        """What a run was started with; empty where its program did not tell.

        Raises
        ------
        DoesNotExist: There is no such run.
        """
        return self.send(GetOrigin(run_id=run_id))
