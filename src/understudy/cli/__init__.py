"""The command line: one thin command for each function of `api`."""

from .app import app, main

__all__ = ["app", "main"]
