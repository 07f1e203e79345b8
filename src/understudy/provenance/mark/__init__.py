"""The invisible mark: a 48-bit number in the luma of every frame, and the fingerprint of a picture that it must go with."""
