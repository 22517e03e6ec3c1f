"""Environments with packages of their own, for models and projects."""
