"""The consent form on paper: everything that is known about the production filled in, lines where it is not, room to sign.

The form is not the record. It is signed by hand; then the record is made from it (`consent new`, with the scan).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ..errors import ConsentInvalid
from ..paper.page import render
from ..paper.words import Language
from .complaints import DAYS
from .consent_record import ACTIONS, BASES, ROLES, ConsentRecord

GROUNDS = tuple(basis for basis in BASES if basis != "person does not exist")
"""Grounds for which there is something to sign."""


@dataclass(frozen=True, slots=True)
class FormFields:
    """What is known; '' and () stand for lines to be filled in by hand."""

    role: str
    subject: str = ""
    purpose: str = ""
    production: str = ""
    channels: tuple[str, ...] = ()
    actions: tuple[str, ...] = ACTIONS
    expires: str = ""
    basis: str = "consent"
    recorded_by: str = ""
    guardian: str = ""
    next_of_kin: str = ""
    editors: tuple[str, ...] = ()
    reason: str = ""
    record_id: str = ""
    named: bool | None = None
    """None: to be ticked by hand."""
    show_original: bool | None = None
    house: str = ""
    contact: str = ""


def fields_of(record: ConsentRecord, *, house: str = "", contact: str = "") -> FormFields:
    """The form of a record that was made. Raises ConsentInvalid where the record's person does not exist: nobody can sign."""
    if not record.person_exists:
        raise ConsentInvalid("There is nobody to sign this form.", why="The record says that the person does not exist.", remedy="keep the record")
    return FormFields(
        role=record.role,
        subject=record.subject,
        purpose=record.purpose,
        production=record.production,
        channels=record.channels,
        actions=record.actions,
        expires=record.expires or "",
        basis=record.basis,
        recorded_by=record.recorded_by,
        guardian=record.guardian or "",
        next_of_kin=record.next_of_kin or "",
        editors=record.editors,
        reason=record.reason or "",
        record_id=record.record_id,
        named=record.named,
        show_original=record.show_original,
        house=house,
        contact=contact,
    )


def consent_form(fields: FormFields, language: Language, *, studio: str = "") -> str:
    """The form as one HTML page. `studio`: see `paper.page.render`. Raises ConsentInvalid for a role, a ground or an action that there is not."""
    for name, value, choices in (("role", fields.role, ROLES), ("ground", fields.basis, GROUNDS), *(("action", a, ACTIONS) for a in fields.actions)):
        if value not in choices:
            raise ConsentInvalid(f"'{value}' is not a {name} that a form can have.", remedy=f"choose one of: {', '.join(choices)}")
    return render(
        "form.html",
        language,
        studio=studio,
        form=asdict(fields),
        ground=fields.basis.replace(" ", "_"),
        days=DAYS["delete"],
        today=datetime.now(UTC).date().isoformat(),
    )
