"""STEP 4: a source's face under a target's performance."""
