"""Data of a stream's records: gzip is unpacked, and what the Kinesis Producer Library aggregated is refused by name."""

from agnews.errors import InputError, LimitError

GZIP = b"\x1f\x8b"
KPL = b"\xf3\x89\x9a\xc2"
"""How an aggregated record begins (awslabs/amazon-kinesis-producer, aggregation-format.md)."""
UNPACKED_BYTES = 1024 * 1024
"""Maximum size of a record's unpacked data."""
RATIO = 50
"""The largest ratio of unpacked to packed bytes. It bounds the memory that the records of one event may take."""
GZIP_WINDOW = 31
"""zlib's `wbits` for data with gzip's header and checksum."""


def unpacked(data: bytes) -> bytes:
    """Return the data, unpacked if it is gzip.

    Raises:
        InputError: the data is an aggregate, or damaged gzip.
        LimitError: the unpacked data is too large.
    """
    if data.startswith(KPL):
        raise InputError(
            "the record was aggregated by the Kinesis Producer Library; set AggregationEnabled to false in the producer"
        )
    if not data.startswith(GZIP):
        return data
    import zlib  # not needed for other records

    limit = min(UNPACKED_BYTES, RATIO * len(data))
    unpacking = zlib.decompressobj(GZIP_WINDOW)
    try:
        content = unpacking.decompress(data, limit + 1)
    except zlib.error as error:
        raise InputError(f"the record's data is damaged gzip ({error}); send it again") from error
    if len(content) > limit:
        raise LimitError(f"the record's gzip data unpacks to more than {limit:,} bytes; send fewer texts in one record")
    if not unpacking.eof or unpacking.unused_data:
        raise InputError("the record's data is not one complete gzip stream; compress each record by itself")
    return content
