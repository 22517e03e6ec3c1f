"""Looks into files, a module for each kind."""
