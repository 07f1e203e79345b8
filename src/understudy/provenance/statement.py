"""What our Content Credentials say of a video: what was done, whom to complain to, that nobody may train on it. Shapes: C2PA 2.4, CAWG 1.2, IPTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import __version__

PRODUCTION = "org.understudy.production"
"""Label of our own assertion."""
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
MARK = "org.understudy.mark.1"
"""Name of the invisible mark, for whoever reads the credentials."""
AGENT = {"name": "Understudy", "version": __version__}
_NO_USE = ("cawg.ai_inference", "cawg.ai_generative_training", "cawg.ai_training", "cawg.data_mining")
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


@dataclass(frozen=True, slots=True)
class Statement:
    """What our own assertion says of a video. Never a person's name, nor the name of an original file."""

    record_id: str
    """The production record: the number of the ledger's row."""
    record_sha256: str
    """SHA-256 (hex) of what the row says about the production: `ledger.record_hash`."""
    label: str
    purposes: tuple[str, ...]
    consent_ids: tuple[str, ...]
    model_id: str
    watermark: str
    """The invisible mark's number, eight hexadecimal digits."""
    made_on: str
    person_exists: bool
    contact: str = ""
    """Where to complain; '' says that it is whoever published it."""


def source_names(count: int) -> list[str]:
    """What the sources are called in the credentials: never by their files' names."""
    return ["source" if number == 1 else f"source-{number}" for number in range(1, count + 1)]


def manifest_of(
    statement: Statement, *, sources: Sequence[str] = ("source",), redactions: Sequence[str] = (), origins: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """For the library's builder. `sources`: the names of the inputs that lend a face; `redactions`: addresses of assertions of the inputs'
    credentials that are taken out; `origins`: what is said of inputs whose credentials do not go along."""
    actions = [
        {"action": "c2pa.opened", "softwareAgent": AGENT, "parameters": {"ingredientIds": ["target"]}},
        *({"action": "c2pa.redacted", "softwareAgent": AGENT, "reason": "c2pa.PII.present", "parameters": {"redacted": uri}} for uri in redactions),
        {
            "action": "c2pa.edited",
            "softwareAgent": AGENT,
            "digitalSourceType": SOURCE_TYPE,
            "parameters": {"ingredientIds": list(sources)},
            "description": "The face of one person was replaced by another's; the visible label was drawn in.",
        },
        {"action": "c2pa.watermarked.bound", "softwareAgent": AGENT, "description": "An invisible mark was put into every frame."},
    ]
    return {
        "claim_generator_info": [AGENT],
        "title": "Labelled video",
        **({"redactions": list(redactions)} if redactions else {}),
        "assertions": [
            {"label": "c2pa.actions.v2", "created": True, "data": {"allActionsIncluded": True, "actions": actions}},
            {"label": PRODUCTION, "created": True, "data": _production(statement, origins)},
            {"label": "c2pa.soft-binding", "data": {"alg": MARK, "blocks": [{"scope": {}, "value": statement.watermark}]}},
            {"label": "c2pa.ai-disclosure", "data": {"modelType": "c2pa.types.model", "modelName": statement.model_id}},
            {"label": "cawg.training-mining", "data": {"entries": {use: {"use": "notAllowed"} for use in _NO_USE}}},
            {"label": "cawg.metadata", "data": {"@context": {"Iptc4xmpExt": _IPTC}, "Iptc4xmpExt:DigitalSourceType": SOURCE_TYPE}},
        ],
    }


def _production(statement: Statement, origins: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "record_id": statement.record_id,
        "record_sha256": statement.record_sha256,
        "label": statement.label,
        "purposes": list(statement.purposes),
        "consent_records": list(statement.consent_ids),
        "made_on": statement.made_on,
        "people": "The person whose face is shown exists." if statement.person_exists else "The person whose face is shown does not exist.",
        "complaints": statement.contact or "whoever published this video",
        **({"origins": list(origins)} if origins else {}),
    }


def without_names(text: str, names: Sequence[str]) -> str:
    """`text` with each name, and each of its capitalised parts, taken out: credentials travel with the video."""
    for part in sorted(name_parts(names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
    return text


def name_parts(names: Sequence[str]) -> set[str]:
    """Each name, and each of its capitalised parts of more than two letters."""
    return {part for name in names for part in (name, *name.split()) if part == name or (len(part) > 2 and part[0].isupper())}
