"""Methods of the client for promotion and the history of moves."""

from runyard.core.origin import user
from runyard.core.paged_list import PagedList
from runyard.registry.client_part import RegistryPart
from runyard.registry.promotion.entities import Promotion, RegisteredModelMove
from runyard.registry.promotion.messages import PromoteModelVersion, SearchMoves


class PromotionClient(RegistryPart):
    """Promotion: move an alias or a stage if a condition holds; the history of moves."""

    def promote_model_version(
        self,
        name: str,
        version: str | int,
        condition: str,
        *,
        alias: str | None = None,
        stage: str | None = None,
        archive_existing_versions: bool = False,
        if_no_holder: str = "pass",
        reason: str = "",
        user_id: str | None = None,
        dry_run: bool = False,
    ) -> Promotion:
        """Move an alias or a stage to a version if a condition on metrics, params and tags holds, in one transaction.

        Parameters
        ----------
        condition: Such as ``metrics.f1 > 0.8 and metrics.f1 >= champion.f1 - 0.005``. ``metrics`` are those of the
            version, ``current`` those of the version that has the alias or stage now, other names are aliases.
        alias, stage: What to move; give one of them.
        archive_existing_versions: Move the other versions in the stage to Archived.
        if_no_holder: ``pass`` or ``fail``: the result of comparisons with the current holder of the alias or stage
            while there is none.
        reason: Why, for the history.
        user_id: Who, for the history; the user of the operating system when left out.
        dry_run: Only report what would happen.

        Returns
        -------
        Promotion: ``holds`` and ``promoted`` say how it ended: a condition that does not hold is not an error.

        Raises
        ------
        RunyardException: The condition cannot be parsed, or there is no such model or version.
        """
        answer = self.register(
            PromoteModelVersion(
                name=name,
                version=str(version),
                condition=condition,
                alias=alias,
                stage=stage,
                archive_existing_versions=archive_existing_versions,
                if_no_holder=if_no_holder,
                reason=reason,
                user_id=user() if user_id is None else user_id,
                dry_run=dry_run,
            )
        )
        return answer.promotion()

    def search_registered_model_moves(
        self, name: str, version: str | int | None = None, max_results: int = 100, page_token: str | None = None
    ) -> PagedList[RegisteredModelMove]:
        """A page of the changes of a registered model's aliases and stages, the newest first.

        Parameters
        ----------
        version: Only those that concern this version.
        max_results: Maximum number of moves, 1 to 1,000.
        page_token: The token from the page before.
        """
        number = None if version is None else str(version)
        answer = self.register(SearchMoves(name=name, version=number, max_results=max_results, page_token=page_token))
        return PagedList(answer.moves, answer.next_page_token)
