"""XMP in a file: the IPTC word for what the picture is, where programs look that know nothing of Content Credentials.

Written before signing, so that the signature covers it. In MP4 and QuickTime files it is a box of its own at the end (ISO 16684-3, `uuid`
BE7ACFCB-97A9-42E8-9C71-999491E3AFAC), in PNG the chunk `iTXt` named `XML:com.adobe.xmp` (ISO 16684-3). Matroska and OpenEXR have no agreed place;
there it is a tag and an attribute of the header. A reader finds the packet in each of them as XMP means it to be found: by looking for it.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import IO
from xml.sax.saxutils import quoteattr

from .. import __version__

_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool={tool} Iptc4xmpExt:DigitalSourceType={kind} Iptc4xmpExt:AISystemUsed="Understudy" Iptc4xmpExt:AISystemVersionUsed={version}/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_MOST_PACKETS, _LONGEST = 16, 1 << 16
_KIND = re.compile(rb"""DigitalSourceType(?:\s{0,9}=\s{0,9}["']|[^>"'=]{0,99}>)\s{0,99}([^"'<\s]{1,200})""")
"""As an attribute or as an element; bounded, so that no file can make reading slow."""
_GENERATED = b"trainedalgorithmicmedia"


def packet(source_type: str) -> str:
    """The packet that says that a picture is `source_type` (an IPTC address)."""
    return _PACKET.format(tool=quoteattr(f"Understudy {__version__}"), kind=quoteattr(source_type), version=quoteattr(__version__))


def matroska_tags(source_type: str) -> dict[str, str]:
    """The same as tags of a Matroska file: the packet, and the one word for whoever looks with a player."""
    return {"DIGITAL_SOURCE_TYPE": source_type, "XMP": packet(source_type)}


def says_generated(path: Path) -> bool:
    """Whether the file states in an XMP packet that a trained network made or changed the picture. Anybody can write that, or take it out."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = -1
        for _ in range(_MOST_PACKETS):
            at = data.find(_BEGIN, at + 1)
            if at < 0:
                return False
            end = data.find(_END, at, at + _LONGEST)
            if any(_GENERATED in kind.lower() for kind in _KIND.findall(data[at : end if end > 0 else at + _LONGEST])):
                return True
    return False


def put_xmp(path: Path, *, source_type: str) -> None:
    """Append the packet to an MP4 or QuickTime file that has none yet. Raises OSError."""
    data = packet(source_type).encode("utf-8")
    with path.open("rb+") as file:
        end = _end_of_boxes(file.seek(0, 2), file)
        if end is not None:
            file.seek(end)
            file.write((8 + len(_BOX) + len(data)).to_bytes(4, "big") + b"uuid" + _BOX + data)


def _end_of_boxes(size: int, file: IO[bytes]) -> int | None:
    """Where the next box goes: the file's end; None where the last one is open-ended, or there is XMP already."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(24)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or (head[4:8] == b"uuid" and head[8:24] == _BOX):
            return None
        at += length
    return at if at == size else None
