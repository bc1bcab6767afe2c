"""The text of a file as a window that moves over it, with the place in the landed bytes."""

from __future__ import annotations

from penstock.readers.encoding import TextStream

__all__ = ["TextWindow"]


class TextWindow:
    """Text at hand from `at` on; more is drawn from the stream when it is asked for."""

    def __init__(self, stream: TextStream) -> None:
        self.text = b""
        self.at = 0
        self.offset = 0
        """Place of `at` in the landed (decompressed) bytes."""
        self.is_whole = False
        """True when the text at hand reaches to the end of the file."""
        self.is_padded = False
        """True when the file's last record had no line end, and got one."""
        self.newline: int | None = None
        self._stream = stream
        self._chunks = iter(stream)
        self._started = False

    @property
    def left(self) -> int:
        """Bytes at hand."""
        return len(self.text) - self.at

    def fill(self, size: int) -> None:
        """Have at least `size` bytes at hand, or all that are left."""
        if self.left >= size or self.is_whole:
            return
        pieces = [self.text[self.at :]]
        have = self.left
        while have < size:
            piece = next(self._chunks, None)
            if piece is None:
                self.is_whole = True
                break
            pieces.append(piece)
            have += len(piece)
        self.text, self.at = b"".join(pieces), 0
        if not self._started:
            self._started, self.offset = True, self._stream.bom
        self._pad()

    def settle_newline(self, newline: int) -> None:
        """Take note of the byte that ends the file's records; the last one gets it as well."""
        self.newline = newline
        self._pad()

    def landed(self, start: int, stop: int) -> bytes:
        """Return the landed bytes of a piece of the text at hand, without an added line end."""
        if self.is_padded:
            stop = min(stop, len(self.text) - 1)
        return self._stream.raw(self.text[start:stop])

    def landed_size(self, start: int, stop: int) -> int:
        """Return how many landed bytes a piece of the text at hand has."""
        if self._stream.is_verbatim:
            return stop - start
        return len(self.landed(start, stop))

    def advance(self, size: int) -> None:
        """Leave `size` bytes behind."""
        self.offset += self.landed_size(self.at, self.at + size)
        self.at += size

    def _pad(self) -> None:
        if not self.is_whole or self.newline is None or not self.left:
            return
        if self.text[-1] != self.newline:
            self.text += bytes([self.newline])
            self.is_padded = True
