"""Setting up this machine."""

from __future__ import annotations

from ..events import Context
from ..provenance import keys
from ..weights.fetch import fetch_missing


def setup(*, context: Context | None = None) -> list[str]:
    """Fetch the networks that are missing and make the keys. Returns the names of what was fetched."""
    fetched = fetch_missing(context=context or Context())
    keys.make_keys()
    return fetched
