"""The demo: real days of an online shop, and one that something happened to."""

from penstock.demo.damage import damage_day
from penstock.demo.stage import Stage

__all__ = ["Stage", "damage_day"]
