"""Let data batches through, or hold them, with proof."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("penstock")
