"""The demo's folder: config, landing, and everything Penstock keeps."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from shutil import rmtree

from penstock.demo.damage import damage_day
from penstock.errors import ConfigError
from penstock.settings import Settings

__all__ = ["Stage"]

MARKER = ".penstock-demo"


class Stage:
    """An own folder for the demo, made from nothing each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.landing = self.folder / "landing" / "retail"
        self.settings = Settings(
            home=self.folder / "home",
            config=str(self.folder / "config"),
        )

    def set_up(self) -> None:
        """Make the folder anew; one that is not from a demo is left alone.

        Raises:
            ConfigError: when the folder holds something else.
        """
        if self.folder.exists():
            is_ours = (self.folder / MARKER).exists()
            if not is_ours and any(self.folder.iterdir()):
                raise ConfigError(
                    f"{self.folder} exists and is not from a demo.",
                    remedy="Give another folder with --folder.",
                )
            rmtree(self.folder)
        self.landing.mkdir(parents=True)
        (self.folder / MARKER).touch()
        _copy(files("penstock.demo") / "config", self.folder / "config")

    @property
    def days(self) -> list[str]:
        """Names of the sample files, oldest first; the last one is the day that gets damaged."""
        data = files("penstock.demo") / "data"
        return sorted(item.name for item in data.iterdir() if item.name.endswith(".csv.gz"))

    def land(self, day: str) -> Path:
        """Land a day as the shop exported it."""
        return self._land(day, _read(day))

    def land_damaged(self, day: str) -> Path:
        """Land a day with its damage."""
        return self._land(day, damage_day(_read(day)))

    def _land(self, day: str, content: bytes) -> Path:
        path = self.landing / day
        part = path.with_suffix(".part")
        part.write_bytes(content)
        return part.replace(path)


def _read(day: str) -> bytes:
    return (files("penstock.demo") / "data" / day).read_bytes()


def _copy(source: Traversable, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for item in source.iterdir():
        if item.is_dir():
            _copy(item, target / item.name)
        else:
            (target / item.name).write_bytes(item.read_bytes())
