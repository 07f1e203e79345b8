"""STEP 6: the only door out."""
