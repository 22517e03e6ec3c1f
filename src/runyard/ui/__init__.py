"""The pages: one view module a page, its template in web/templates/pages under the same name."""

from runyard.ui.router import Pages, routes

__all__ = ["Pages", "routes"]
