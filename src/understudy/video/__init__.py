"""STEP 1: a file becomes frames, frames become a file."""
