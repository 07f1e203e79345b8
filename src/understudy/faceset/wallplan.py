"""How the thumbnails of a wall of faces are laid out."""

from __future__ import annotations

import cv2

THUMB = 96
"""Side of a thumbnail in pixels."""
COLUMNS = 10
PER_SHEET = COLUMNS * COLUMNS
GREY = 32
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 85]
