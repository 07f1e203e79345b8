"""The line on Content Credentials: the file's own, and those of the videos that it was made from."""

from __future__ import annotations

from ..provenance.credentials import Credentials, plain
from ..types import Finding
from .said import Said, finding

_MEANINGS = {
    "assertion.bmffHash.mismatch": "code_picture",
    "assertion.dataHash.mismatch": "code_file",
    "assertion.hashedURI.mismatch": "code_statement",
    "claimSignature.mismatch": "code_signature",
    "claimSignature.outsideValidity": "code_outside",
    "signingCredential.expired": "code_expired",
}
_SAID = ("label", "purposes", "people", "consent_records", "record_id")


def credentials_findings(found: Credentials, *, stated: bool = False) -> tuple[Finding, ...]:
    """The finding on the file's own credentials; after it one on those of the videos it was made from, where these are broken. `stated`: whether the
    file's unsigned metadata say that it was made with a network."""
    # what the credentials say themselves is signed, and said once
    says = Said("metadata_generated") if stated and not (found.state == "valid" and found.says_generated) else None
    if found.elsewhere:
        return (finding("credentials", "inconclusive", "credentials_elsewhere", says),)
    if found.state == "none":
        return (finding("credentials", "not found", "credentials_none", says),)
    place = Said("credentials_beside", {"name": plain(found.sidecar.name)}) if found.sidecar else None
    if found.state == "invalid":
        claims = Said("credentials_claim") if found.carries_mark else None
        own = finding("credentials", "found invalid", "credentials_broken", *map(_meaning, found.problems), claims, place, says)
    else:
        own = finding("credentials", "found valid", _headline(found), *_says(found), place, says)
    if not found.broken_origins:
        return (own,)
    return own, finding("credentials", "found invalid", "origins_broken", Said("codes", {"codes": ", ".join(found.broken_origins)}))


def _meaning(problem: str) -> Said:
    return Said(_MEANINGS[problem]) if problem in _MEANINGS else Said("code_other", {"code": problem})


def _headline(found: Credentials) -> Said:
    if found.ours and found.carries_mark:
        return Said("credentials_ours")
    if found.ours:
        return Said("credentials_our_key")
    return Said("credentials_other_studio" if found.carries_mark else "credentials_stranger", {"who": found.signer or "?"})


def _says(found: Credentials) -> tuple[Said, ...]:
    lines = [Said("signed_by", {"who": found.signer})] if found.signer else []
    if found.generator:
        lines.append(Said("made_with", {"what": found.generator}))
    if not found.ours:
        lines.append(Said("name_unchecked"))
    for key in _SAID:
        value = found.production.get(key)
        text = plain(", ".join(map(str, value)) if isinstance(value, list) else str(value or ""))
        if text:
            lines.append(Said(f"production_{key}", {"value": text}))
    if found.says_generated:
        lines.append(Said("says_generated"))
    if not found.trusted_time:
        lines.append(Said("no_time"))
    return tuple(lines)
