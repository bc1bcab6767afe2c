"""What happened to the demo's bad day: an export that lost its product codes half-way."""

from __future__ import annotations

import csv
import gzip
import io

__all__ = ["damage_day"]

LOST_CODE_FROM = 0.55
LOST_CODE_EVERY = 3
NEGATIVE_PRICE_EVERY = 40
TORN_RECORDS = 3


def damage_day(day: bytes) -> bytes:
    """Return a gzipped CSV day with three kinds of damage, the same each time.

    From a bit past the middle on every third record has no `StockCode`; every fortieth record has
    a negative `UnitPrice`; the last three records are torn off after their second field.
    """
    rows = list(csv.reader(io.StringIO(gzip.decompress(day).decode())))
    header, records = rows[0], rows[1:]
    code, price = header.index("StockCode"), header.index("UnitPrice")
    lost_from = int(len(records) * LOST_CODE_FROM)
    for number, record in enumerate(records):
        if number >= lost_from and number % LOST_CODE_EVERY == 0:
            record[code] = ""
        if number % NEGATIVE_PRICE_EVERY == 0:
            record[price] = f"-{record[price]}"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(records[:-TORN_RECORDS])
    writer.writerows(record[:2] for record in records[-TORN_RECORDS:])
    return gzip.compress(out.getvalue().encode(), mtime=0)
