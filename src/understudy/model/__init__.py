"""The network, one idea a file, plain torch."""
