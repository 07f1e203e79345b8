"""STEP 3: faces of many shots become one person's set."""
