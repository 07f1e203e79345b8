"""Understudy: consented, labelled face replacement. Start reading at `types.py`; programs import `understudy.api`."""

__version__ = "0.1.0"
