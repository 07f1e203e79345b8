"""The command line: one thin command for each function of `api`."""

try:
    from .app import app, main
except ModuleNotFoundError as missing:
    if (missing.name or "").split(".")[0] in ("", "understudy"):
        raise
    # where only the verification desk was installed (requirements-verify.txt)
    raise SystemExit(
        f"The package '{missing.name}' is not installed, so this is not the whole studio.\n"
        "What to do: to check a file type understudy-verify FILE; for everything else install the whole: make setup"
    ) from None

__all__ = ["app", "main"]
