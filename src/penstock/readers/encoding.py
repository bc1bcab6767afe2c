"""Text in a declared encoding as UTF-8 bytes, with the way back to the landed bytes."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

from penstock.errors import ConfigError
from penstock.readers.unreadable import Unreadable

__all__ = ["TextStream", "codec_name"]

_BOMS = {
    "utf-8": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-16-le": ((codecs.BOM_UTF16_LE, "utf-16-le"),),
    "utf-16-be": ((codecs.BOM_UTF16_BE, "utf-16-be"),),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
_WIDE = ("utf-16", "utf-32")


def codec_name(encoding: str, *, source: str) -> str:
    """Return the codec's own name for a declared encoding; refuse one that is not for text."""
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)
    except (LookupError, TypeError) as exc:
        raise ConfigError(
            f"Encoding {encoding!r} is not known.",
            remedy="Declare one that Python knows, as in 'utf-8', 'latin-1' or 'utf-16'.",
            file=source,
        ) from exc
    return "utf-8" if info.name == "utf-8-sig" else info.name


class TextStream:
    """Chunks of UTF-8 from chunks in `encoding`.

    Bytes that are no characters in the declared encoding come out as bytes that are not UTF-8
    either, so that a check of each record finds them; `raw` restores the landed bytes exactly.
    """

    def __init__(self, chunks: Iterator[bytes], encoding: str) -> None:
        self.encoding = encoding
        self.bom = 0
        """Bytes of the byte order mark that were skipped."""
        self._chunks = chunks
        self._codec = encoding
        self._errors = "surrogatepass" if encoding.startswith(_WIDE) else "surrogateescape"

    def __iter__(self) -> Iterator[bytes]:
        first = self._skip_bom()  # tells which codec it is
        chunks = chain((first,), self._chunks)
        if self.is_verbatim:
            yield from chunks
            return
        decoder = codecs.getincrementaldecoder(self._codec)(self._errors)
        try:
            for chunk in chunks:
                yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
            yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
        except UnicodeError as exc:
            raise Unreadable(
                "wrong_encoding",
                f"is not {self.encoding}, as its contract declares: {exc.__class__.__name__}",
                remedy="Land it again in the declared encoding, whole, or correct"
                " `penstock.csv.encoding` in the contract.",
            ) from exc

    @property
    def is_verbatim(self) -> bool:
        """True when the stream is the landed bytes themselves."""
        return self._codec == "utf-8"

    def raw(self, text: bytes) -> bytes:
        """Return the landed bytes of a piece of the stream."""
        if self.is_verbatim:
            return text
        return text.decode("utf-8", "surrogatepass").encode(self._codec, self._errors)

    def _skip_bom(self) -> bytes:
        first = b""
        for chunk in self._chunks:
            first += chunk
            if len(first) >= len(codecs.BOM_UTF32_LE):
                break
        for bom, codec in _BOMS.get(self.encoding, ()):
            if first.startswith(bom):
                self._codec, self.bom = codec, len(bom)
                break
        else:
            self._refuse_foreign_bom(first)
        if self._codec in _WIDE:  # no mark: little-endian, the same on every machine
            self._codec += "-le"
        return first[self.bom :]

    def _refuse_foreign_bom(self, first: bytes) -> None:
        if not self.encoding.startswith(_WIDE) and first.startswith(
            (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        ):
            raise Unreadable(
                "wrong_encoding",
                f"starts with a UTF-16 byte order mark, while {self.encoding} is declared",
                remedy="Land it again in the declared encoding, or declare"
                " `encoding: utf-16` under `penstock.csv` in the contract.",
            )
