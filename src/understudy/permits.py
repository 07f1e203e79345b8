"""Asking for a permit: the check that stands before fitting, training, rendering and publishing, for every caller alike.

Permits are issued by `provenance.consent` from signed records; here is only the rule that a permit must be there and must cover the action.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from .errors import ConsentExpired, ConsentMissing, ConsentRole, ConsentScope
from .types import Permit

Action = Literal["train", "render", "publish"]


def require(permit: Permit | None, *, role: Literal["face", "performer", "voice"], action: Action, today: date | None = None) -> Permit:
    """Return `permit` if it covers `role` and `action` today; raises ConsentMissing, ConsentRole, ConsentScope or ConsentExpired."""
    if not isinstance(permit, Permit):
        raise ConsentMissing(
            f"Nobody is on record as having agreed to '{action}' in the role '{role}'.",
            why="Every person whose face or performance is used must be on record first.",
            remedy="make a record with: understudy consent new",
        )
    if permit.role != role:
        raise ConsentRole(
            f"The consent record of {permit.subject} is for the role '{permit.role}', not '{role}'.",
            remedy="make a record for this role: understudy consent new",
        )
    if action not in permit.actions:
        raise ConsentScope(
            f"The consent record of {permit.subject} does not cover '{action}'.",
            why=f"It covers: {', '.join(sorted(permit.actions))}.",
            remedy="ask the person, then make a new record: understudy consent new",
        )
    if permit.valid_until is not None and date.fromisoformat(permit.valid_until) < (today or datetime.now(UTC).date()):
        raise ConsentExpired(
            f"The consent of {permit.subject} ended on {permit.valid_until}.",
            remedy="ask the person again, then make a new record: understudy consent new",
        )
    return permit
