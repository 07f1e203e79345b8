"""The inputs' own Content Credentials: they go along with the result, but never what could tell who a protected person is.

Taken out of them (C2PA redaction; the hash stays, so that it is seen that something was there): every thumbnail, for it shows the rushes as they
were, and metadata in which a name or the name of the original file is. Where such a word stands in what cannot be taken out, the title for example,
the credentials stay behind as a whole, and our own assertion says so, and whether they held.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import c2pa

from .statement import name_parts

if TYPE_CHECKING:
    from .credentials import Credentials

_SHOWS = re.compile(r"c2pa\.thumbnail\.|c2pa\.icon")
_SAYS = re.compile(r"cawg\.|stds\.|c2pa\.metadata|c2pa\.depthmap|[a-z0-9]+\.[a-z0-9]+\.metadata")
"""Kinds of assertions that may be taken out of another's manifest; actions and hashes may not (C2PA 2.4, 6.8)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One input and what becomes of the credentials that it carries."""

    name: str
    """`target` or `source`: never the file's own."""
    relationship: str
    path: Path
    kind: str
    """Media type."""
    manifest: bytes | None = None
    """Credentials that lie beside the file; None where they are in it, or there are none."""
    results: dict[str, Any] | None = None
    manifest_id: str = ""
    redactions: tuple[str, ...] = ()
    state: str = "none"
    codes: tuple[str, ...] = ()
    """What was found of them."""
    why_left: str = ""
    """Why they do not go along; '' where they do, or there are none."""

    @property
    def said(self) -> dict[str, Any]:
        """What our own assertion says of credentials that stay behind."""
        return {"input": self.name, "why": self.why_left, "credentials": self.state, "codes": list(self.codes)}

    def left(self, why: str) -> Origin:
        return replace(self, why_left=why, redactions=())

    def add_to(self, builder: c2pa.Builder) -> None:
        """Put the input into the builder as an ingredient."""
        about: dict[str, Any] = {"title": self.name, "label": self.name, "relationship": self.relationship}
        if self.why_left:
            about["description"] = self.why_left
            builder.add_ingredient(about, "application/octet-stream", io.BytesIO(b"-"))
            return
        with self.path.open("rb") as file:
            if self.manifest is not None:
                about |= {"validation_results": self.results, "active_manifest": self.manifest_id}
                about["manifest_data"] = {"format": "application/c2pa", "identifier": f"{self.name}.c2pa"}
                builder.add_resource(f"{self.name}.c2pa", io.BytesIO(self.manifest))
            builder.add_ingredient(about, self.kind, file)


def origin_of(
    path: Path, name: str, relationship: str, *, kind: str, found: Credentials, keep: bool, private: Sequence[str], context: c2pa.Context
) -> Origin:
    """What to do with the credentials `found` in the file at `path`. `private`: names of people; like the file's own name they must not leave."""
    plain = Origin(name, relationship, path, kind, state=found.state, codes=(*found.problems, *found.broken_origins))
    if found.elsewhere or (found.state == "invalid" and not found.manifest_id):
        return plain.left("It has Content Credentials that could not be read here.")
    if found.state == "none":
        return plain
    if not keep:
        return plain.left("Its Content Credentials were left out: that was asked for.")
    beside = found.sidecar.read_bytes() if found.sidecar is not None else None
    with path.open("rb") as file, c2pa.Reader(kind, file, beside, context=context) as reader:
        whole, results = json.loads(reader.detailed_json()), reader.get_validation_results()
    words = [word.casefold() for word in (*name_parts(private), *_file_words(path)) if len(word) > 2]
    redactions, rest = _sorted_out(whole["manifests"], words)
    if any(_has(rest, word) for word in words):
        return plain.left("Its Content Credentials were left out: they hold a name, or the name of the original file.")
    return replace(
        plain, manifest=beside, results=results if beside is not None else None, manifest_id=found.manifest_id, redactions=tuple(redactions)
    )


def _sorted_out(manifests: dict[str, Any], words: Sequence[str]) -> tuple[list[str], str]:
    """Addresses of the assertions to be taken out, and the text of everything that stays."""
    redactions, rest = list[str](), list[Any]()
    for label, manifest in manifests.items():
        for assertion, content in manifest.get("assertion_store", {}).items():
            text = json.dumps(content, ensure_ascii=False).casefold()
            if _SHOWS.match(assertion) or (_SAYS.match(assertion) and any(_has(text, word) for word in words)):
                redactions.append(f"self#jumbf=/c2pa/{label}/c2pa.assertions/{assertion}")
            else:
                rest.append({assertion: content})
        rest.append({part: value for part, value in manifest.items() if part != "assertion_store"})
    return redactions, json.dumps(rest, ensure_ascii=False).casefold()


def _file_words(path: Path) -> tuple[str, ...]:
    """The file's name, and without its ending where it is no ordinary word, which may stand anywhere ("video", "target")."""
    return (path.name, path.stem) if re.search(r"[\W\d_]", path.stem) and len(path.stem) > 4 else (path.name,)


def _has(text: str, word: str) -> bool:
    """Whether a word stands there by itself, or with other words written together by anything but letters: rushes_anna_2.mp4."""
    return re.search(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])", text) is not None
