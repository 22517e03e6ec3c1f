"""The pages: `pages/` has a module for each, `parts/` what several of them are made of; the router leads to them."""

from runyard.ui.router import Pages, routes

__all__ = ["Pages", "routes"]
