"""STEP 4: rounds that make it better."""
