"""The networks we did not train: which, from where, under which licence, and how they are opened."""
