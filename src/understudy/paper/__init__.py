"""Pages to print or to hand on: one HTML file each that needs nothing else, in every language of `words.LANGUAGES`."""
