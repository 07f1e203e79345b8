"""Checks a signed paper of Understudy without Understudy: an exported ledger, a consent record or bundle, a report, a receipt, a statement.

    python check_papers.py FILE [--key HEX]

Needs Python 3.9 or newer and the package `cryptography`, nothing else; reads the one file. `--key` is the public key that the newsroom
gave you: without it, the key in the file is taken, which proves that nobody changed the file since, not who wrote it.
Exit code 0: it holds; 1: it does not.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CONTENT = {
    "understudy.consent/1": "record",
    "understudy.consent-bundle/1": "bundle",
    "understudy.forgotten/1": "receipt",
    "understudy.ledger/1": "ledger",
    "understudy.report/2": "report",
    "understudy.complaint/1": "statement",
}
"""What each kind of paper holds besides its signature."""


class Fault(Exception):
    pass


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def check_signature(data, value, public, what):
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(value), data)
    except (InvalidSignature, ValueError, TypeError):
        raise Fault(f"the signature of {what} does not fit") from None


def check_chain(book, public):
    """Rows are texts; each holds the hash of the one before; the signed head names the last one."""
    before = "0" * 64
    for number, entry in enumerate(book["rows"], start=1):
        row = json.loads(entry["row"])
        if hashlib.sha256(entry["row"].encode("utf-8")).hexdigest() != entry["hash"]:
            raise Fault(f"row {number} was altered")
        if row["seq"] != number or row["before"] != before:
            raise Fault(f"row {number} does not follow on the row before it")
        before = entry["hash"]
    head = book["head"]
    if head is None:
        if book["rows"]:
            raise Fault("the head is missing")
        return
    if head["seq"] != len(book["rows"]) or head["hash"] != before:
        raise Fault("the head does not belong to the last row: rows at the end were removed or added")
    check_signature(canonical({"seq": head["seq"], "hash": head["hash"]}), head["signature"], public, "the head")


def check_consent(entry, public, folder):
    """One record of a bundle, its revocation, and its scan where that lies beside."""
    check(entry["paper"], public, folder)
    record, revocation = entry["paper"]["record"], entry["revocation"]
    number = record["record_id"]
    lines = [f"The record {number} holds, until {record['expires'] or 'no end'}."]
    if revocation:
        inside = {k: v for k, v in revocation.items() if k != "signature"}
        check_signature(canonical(inside), revocation["signature"], public, "the revocation")
        if inside["record_id"] != number:
            raise Fault(f"the revocation of {number} belongs to another record")
        lines.append(f"  That consent was taken back on {inside['revoked_on']}.")
    scan = record.get("scan")
    if scan:
        place = folder / f"{number}.scan.{scan['kind']}"
        if not place.is_file():
            lines.append("  There is a scan of the paper, but it is not here.")
        elif hashlib.sha256(place.read_bytes()).hexdigest() != scan["sha256"]:
            raise Fault(f"{place.name} is not the scan that was signed for")
        else:
            lines.append(f"  {place.name} is the scan that was signed for.")
    return lines


def check(whole, key, folder):
    signature = whole["signature"]
    if signature["algorithm"] != "Ed25519":
        raise Fault("the signature is of an unknown kind")
    public = signature["public_key"]
    if key and key.lower() != public:
        raise Fault(f"it was signed with another key: {public}")
    names = [name for name in whole if name not in ("format", "signature", "made_on")]
    if names != [CONTENT.get(whole["format"])]:
        raise Fault("it is of an unknown kind, or holds something that is not signed")
    content = whole[names[0]]
    check_signature(canonical(content), signature["value"], public, f"the {names[0]}")
    lines = [f"This is a paper of the kind {whole['format']}; its signature holds.", f"Signed with the key {public}."]
    if whole["format"] == "understudy.ledger/1":
        check_chain(content, public)
        lines.append(f"The chain holds: {len(content['rows'])} rows.")
    if whole["format"] == "understudy.consent-bundle/1":
        for entry in content["papers"]:
            lines += check_consent(entry, public, folder)
    if "made_on" in whole:
        stamp = {"time": whole["made_on"]["time"], "of": signature["value"]}
        check_signature(canonical(stamp), whole["made_on"]["signature"], public, "the time")
        lines.append(f"Its maker says that it was made on {whole['made_on']['time']}.")
    return lines


def main():
    parser = argparse.ArgumentParser(description="Checks a signed paper of Understudy.")
    parser.add_argument("file")
    parser.add_argument("--key", help="the public key that you expect, in hexadecimal")
    arguments = parser.parse_args()
    try:
        file = Path(arguments.file)
        lines = check(json.loads(file.read_bytes()), arguments.key, file.parent)
    except Fault as fault:
        print(f"DOES NOT HOLD: {fault}.")
        return 1
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        print(f"DOES NOT HOLD: the file cannot be read as a signed paper ({error}).")
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
