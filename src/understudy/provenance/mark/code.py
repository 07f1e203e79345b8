"""What the mark says: a 32-bit number and its CRC-16, as 192 symbols of a convolutional code that stands many that are wrong.

Rate 1/4, constraint length 9, generators 463, 535, 733, 745 (octal; Larsen, 1973), tail-biting (Ma and Wolf, 1986): the coder begins in the state
in which it ends, so that no symbol is spent on a tail. Decoding is soft: Viterbi's algorithm from each of the 256 states at once, which gives
the best word of each state, and so the best of all; the CRC is tried on the likeliest few of these (list decoding).
"""

from __future__ import annotations

from binascii import crc_hqx

import numpy as np

from ...types import F32

BITS = 48
_GENERATORS = (0o463, 0o535, 0o733, 0o745)
_MEMORY = 8
_STATES = 1 << _MEMORY
SYMBOLS = BITS * len(_GENERATORS)
_LIST = 6
"""Likeliest words that the CRC is tried on; each has a chance of 1 in 65,536 to pass though it is wrong."""


def _outputs() -> F32:
    """(2 * STATES, 4), -1 or 1: the symbols for each content of the register, the newest bit highest."""
    parity = [[(register & generator).bit_count() & 1 for generator in _GENERATORS] for register in range(2 * _STATES)]
    return np.asarray(parity, np.float32) * 2 - 1


_OUTPUTS = _outputs()


def symbols_of(number: int) -> F32:
    """(SYMBOLS,), -1 or 1: the 32-bit number, highest bit first, then its CRC-16 (CCITT), coded."""
    data = number.to_bytes(4, "big")
    whole = data + crc_hqx(data, 0xFFFF).to_bytes(2, "big")
    bits = np.unpackbits(np.frombuffer(whole, np.uint8)).tolist()
    state, found = 0, []
    for bit in bits[-_MEMORY:]:
        state = (bit << _MEMORY | state) >> 1
    for bit in bits:
        register = bit << _MEMORY | state
        found.append(_OUTPUTS[register])
        state = register >> 1
    return np.concatenate(found)


def number_of(soft: np.ndarray) -> int | None:
    """The number in (SYMBOLS,) soft symbols (sign: the symbol; size: how sure), or None where no CRC holds."""
    for bits in _likeliest(np.asarray(soft, np.float32)):
        data = np.packbits(bits).tobytes()
        if crc_hqx(data[:4], 0xFFFF) == int.from_bytes(data[4:], "big"):
            return int.from_bytes(data[:4], "big")
    return None


def _likeliest(soft: F32) -> list[np.ndarray]:
    """The likeliest words, each (BITS,) uint8: the best one of each state in which the coder can begin and end, the likeliest few of these."""
    gains = soft.reshape(BITS, -1) @ _OUTPUTS.T
    half = _STATES // 2
    # [state, where the word began]: a step adds and compares whole rows
    score = np.full((_STATES, _STATES), -1e9, np.float32)
    np.fill_diagonal(score, 0)
    came_from = np.empty((BITS, 2, half, _STATES), bool)
    for step in range(BITS):
        # state s is reached by bit s // half from the states 2 * (s % half) and the one after it
        gain = gains[step].reshape(2, half, 2, 1)
        ways = score.reshape(half, 2, _STATES)
        one, other = ways[None, :, 0] + gain[:, :, 0], ways[None, :, 1] + gain[:, :, 1]
        came_from[step] = other > one
        score = np.maximum(one, other).reshape(_STATES, _STATES)
    came_from = came_from.reshape(BITS, _STATES, _STATES)
    found = []
    for begin in np.argsort(-score.diagonal())[:_LIST].tolist():
        state, bits = begin, np.zeros(BITS, np.uint8)
        for step in range(BITS - 1, -1, -1):
            bits[step] = state // half
            state = state % half * 2 + int(came_from[step, state, begin])
        found.append(bits)
    return found
