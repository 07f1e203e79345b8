"""What the mark says and how it is spread: a 32-bit number and its CRC-16 as 48 bits, each a ±1 pattern over the whole frame.

Spread spectrum after Cox et al. (1997), code division of the bits, soft decoding after Chase (1972). The patterns come from SHAKE-256, so
that every version and machine has the same. They are no secret: what a mark proves rests on the ledger and the fingerprint.
"""

from __future__ import annotations

import hashlib
from binascii import crc_hqx
from functools import cache
from itertools import combinations

import numpy as np

from ...types import F32

COLUMNS, ROWS = 144, 81
"""Cells of the grid that is laid over the frame, whatever its size."""
BITS = 48
SYNC_SHARE = 0.45
"""Share of the energy that goes to the pattern by which the mark is found."""
_WEAKEST, _FLIPS = 12, 5


def _chips(purpose: str, count: int) -> F32:
    """(count, ROWS, COLUMNS) float32, -1 or 1."""
    n_bits = count * ROWS * COLUMNS
    data = np.frombuffer(hashlib.shake_256(f"understudy.mark/1 {purpose}".encode()).digest(-(-n_bits // 8)), np.uint8)
    return (np.unpackbits(data)[:n_bits].astype(np.float32) * 2 - 1).reshape(count, ROWS, COLUMNS)


@cache
def sync_chips() -> F32:
    """(ROWS, COLUMNS), -1 or 1: the pattern that every mark has."""
    return _chips("sync", 1)[0]


@cache
def bit_chips() -> F32:
    """(BITS, ROWS * COLUMNS), -1 or 1: one pattern for each bit."""
    return _chips("bits", BITS).reshape(BITS, -1)


def bits_of(number: int) -> F32:
    """(BITS,), -1 or 1: the 32-bit number, highest bit first, then its CRC-16 (CCITT)."""
    data = number.to_bytes(4, "big")
    whole = data + crc_hqx(data, 0xFFFF).to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(whole, np.uint8)).astype(np.float32) * 2 - 1


def number_of(margins: np.ndarray) -> int | None:
    """The number in (BITS,) soft bits (sign: the bit; size: how sure), or None where no CRC holds.

    The bits as they are first, then with up to five of the twelve least sure ones turned over, least costly first.
    """
    bits = (margins > 0).astype(np.uint8)
    doubt = np.abs(margins)
    weakest = np.argsort(doubt)[:_WEAKEST]
    flips = [combo for n in range(_FLIPS + 1) for combo in combinations(weakest.tolist(), n)]
    for combo in sorted(flips, key=lambda combo: float(sum(doubt[i] for i in combo))):
        tried = bits.copy()
        tried[list(combo)] ^= 1
        data = np.packbits(tried).tobytes()
        if crc_hqx(data[:4], 0xFFFF) == int.from_bytes(data[4:], "big"):
            return int.from_bytes(data[:4], "big")
    return None
