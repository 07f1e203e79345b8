"""Signed papers: JSON files that leave with this machine's signature, all of one shape, so that one small script can check each of them.

    {"format": "understudy.report/2", "report": {…}, "signature": {"algorithm": "Ed25519", "public_key": "…", "value": "…"}}

The signature (RFC 8032) covers the canonical JSON of the content: keys sorted, no spaces, UTF-8. An exported ledger has a chain besides; see
`book`. `tools/check_papers.py` does the same as `check` here with the standard library and one package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import PaperBroken
from ..files import write_bytes
from . import keys
from .ledger import chain_fault
from .ledger_store import canonical

CONTENT = {
    "understudy.consent/1": "record",
    "understudy.consent-bundle/1": "bundle",
    "understudy.forgotten/1": "receipt",
    "understudy.ledger/1": "ledger",
    "understudy.report/2": "report",
    "understudy.complaint/1": "statement",
}
"""Name of the content of each kind of paper."""
HOW_TO_CHECK = (
    "Take 'signature' apart: 'public_key' and 'value' are hexadecimal, the algorithm is Ed25519 (RFC 8032).",
    "The signed bytes are the JSON of the content (the one field besides 'format' and 'signature'): keys sorted, no spaces, UTF-8, nothing escaped"
    " that need not be.",
    "The script tools/check_papers.py of Understudy does it: python check_papers.py FILE (needs Python and the package 'cryptography').",
    "A good signature says that whoever has that key wrote this, and that nobody changed it. Whose key it is, ask the newsroom on another way.",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A paper whose signature holds."""

    format: str
    public_key: str
    ours: bool
    """Signed with this machine's key."""
    content: dict[str, Any]
    rows: int = 0
    """Of an exported ledger."""


def seal(format: str, content: dict[str, Any]) -> dict[str, Any]:
    """The whole paper. Raises KeysMissing."""
    signature = {"algorithm": "Ed25519", "public_key": keys.public_key(), "value": keys.sign(canonical(content)).hex()}
    return {"format": format, CONTENT[format]: content, "signature": signature}


def write(path: Path, paper: dict[str, Any]) -> Path:
    """Write it whole or not at all, laid out for reading (layout is not signed). Returns `path`."""
    write_bytes(path, json.dumps(paper, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    return path


def stamped(paper: dict[str, Any], time: str) -> dict[str, Any]:
    """The paper with the time (ISO 8601) at which it was made, signed apart: the paper itself stays the same whenever it is made."""
    signature = keys.sign(canonical({"time": time, "of": paper["signature"]["value"]})).hex()
    return {**paper, "made_on": {"time": time, "signature": signature}}


def check(path: Path) -> Checked:
    """Read a paper and check its signature (and, in an exported ledger, the chain). Raises PaperBroken with what is off."""
    try:
        whole = json.loads(path.read_bytes())
        content, signature = whole[CONTENT[whole["format"]]], whole["signature"]
        public, value = signature["public_key"], signature["value"]
        known = signature["algorithm"] == "Ed25519" and set(whole) <= {"format", CONTENT[whole["format"]], "signature", "made_on"}
        holds = known and keys.signature_holds(canonical(content), value, public) and _time_holds(whole) and _inside_holds(content, public)
    except OSError as error:
        raise PaperBroken(f"{path} cannot be read.", why=error.strerror or "", remedy="check the name and the permissions") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise PaperBroken(
            f"{path.name} is not a signed paper of Understudy, or it is damaged.", remedy="give a file that an understudy command wrote"
        ) from None
    if not holds:
        raise PaperBroken(
            f"{path.name} was changed after it was signed.", why="Its signature does not fit what it says.", remedy="ask its sender for it again"
        )
    rows = 0
    if whole["format"] == "understudy.ledger/1":
        fault = chain_fault(content, public)
        if fault:
            raise PaperBroken(f"The ledger in {path.name} does not hold.", why=fault, remedy="ask its sender for it again")
        rows = len(content["rows"])
    return Checked(whole["format"], public, keys.have_keys() and public == keys.public_key(), content, rows)


def _time_holds(whole: dict[str, Any]) -> bool:
    made, signature = whole.get("made_on"), whole["signature"]
    if made is None:
        return True
    return keys.signature_holds(canonical({"time": made["time"], "of": signature["value"]}), made["signature"], signature["public_key"])


def _inside_holds(content: dict[str, Any], public: str) -> bool:
    """Whether every consent record in a bundle, and its revocation, are signed with the same key."""
    return all(_entry_holds(entry, public) for entry in content.get("papers", ()))


def _entry_holds(entry: dict[str, Any], public: str) -> bool:
    paper, revocation = entry["paper"], entry["revocation"]
    if not keys.signature_holds(canonical(paper["record"]), paper["signature"]["value"], public):
        return False
    if revocation is None:
        return True
    inside = {name: value for name, value in revocation.items() if name != "signature"}
    return keys.signature_holds(canonical(inside), revocation["signature"], public)
