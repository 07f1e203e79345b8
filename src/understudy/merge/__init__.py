"""STEP 5: a swapped face and a shot become merged frames."""
