"""A consent record in plain words, for a terminal."""

from __future__ import annotations

from .consent_record import ConsentRecord

_ROLES = {"face": "lends the face", "performer": "gives the performance", "voice": "lends the voice"}


def describe(record: ConsentRecord) -> str:
    """The record in plain words, several lines."""
    lines = [
        f"{record.subject} {_ROLES[record.role]}." + ("" if record.person_exists else " This person does not exist."),
        f"Purpose: {record.purpose}",
        f"Production: {record.production}; shown on: {', '.join(record.channels)}",
        f"May be done: {', '.join(record.actions)}",
        f"Holds until {record.expires}." if record.expires else "Has no end.",
        f"Ground: {record.basis}",
    ]
    told = (
        ("The person is a minor.", record.minor),
        ("The person has died.", record.deceased),
        (f"Guardian: {record.guardian}", record.guardian),
        (f"Next of kin: {record.next_of_kin}", record.next_of_kin),
        (f"Editors who answer for it: {', '.join(record.editors)}", record.editors),
        (f"Reason: {record.reason}", record.reason),
        ("Agrees to be named in what is said about the production.", record.named),
        ("Agrees that unaltered pictures are shown beside the result.", record.show_original),
    )
    lines += [words for words, holds in told if holds]
    if record.scan:
        lines.append(f"Signed paper: a {record.scan.kind.upper()} file, SHA-256 {record.scan.sha256}")
    lines.append(f"Recorded by {record.recorded_by} on {record.recorded_on}, as {record.record_id}.")
    return "\n".join(lines)
