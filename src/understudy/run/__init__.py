"""Running stages; knows only the stage contract."""
