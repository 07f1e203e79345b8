"""Setting up this machine."""

from __future__ import annotations

from pathlib import Path

from ..events import Context
from ..provenance import keys
from ..provenance.signer import SigningKey, describe_signer, use_certificate, use_machine
from ..weights.fetch import fetch_missing


def setup(*, context: Context | None = None) -> list[str]:
    """Fetch the networks that are missing and make the keys. Returns the names of what was fetched."""
    fetched = fetch_missing(context=context or Context())
    keys.make_keys()
    return fetched


def keys_show() -> SigningKey:
    """Whose certificate signs published videos on this machine. Raises KeysMissing."""
    return describe_signer()


def keys_use(certificate: Path, key: Path) -> SigningKey:
    """Sign with a newsroom's own certificate (PEM, its authority's behind it) from now on. For a key that may not be copied, such as one in a safe,
    give `publish` a `Signer`. Raises CertificateUnusable, KeysMissing."""
    return use_certificate(certificate, key)


def keys_machine() -> SigningKey:
    """Sign with this machine's own key again. Raises KeysMissing."""
    return use_machine()
