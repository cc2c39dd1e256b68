"""The version of blastometry, of an installation or of a clone that is not installed."""

from __future__ import annotations

from pathlib import Path


def program_version() -> str:
    """Return the version of the installed package, else that of the clone's pyproject.toml.

    Raises
    ------
    FileNotFoundError
        If blastometry is neither installed nor a clone.
    """
    # Imported here so that --help stays quick.
    import tomllib
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("blastometry")
    except PackageNotFoundError:
        clone = Path(__file__).resolve().parents[1]
        settings = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))
        return str(settings["project"]["version"])
