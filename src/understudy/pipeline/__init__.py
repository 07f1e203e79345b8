"""The steps over one project folder, in the order of the way: media, consents, faces, learning, rendering, publishing. Used by `api` alone."""
