"""STEP 2: a frame becomes faces."""
