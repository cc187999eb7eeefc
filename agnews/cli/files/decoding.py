"""The bytes of files and pipes, decompressed and as UTF-8, whatever encoding they are in."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, Protocol, cast

from agnews.cli.files.signatures import GZIP, ZSTANDARD, kind_of
from agnews.errors import InputError

CHUNK_BYTES = 64 * 1024
BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
MIN_SAMPLE_BYTES = 60
"""Bytes above ASCII that are needed to tell apart encodings of other scripts."""
MIN_NULS = 0.7
"""Share of NULs among every second byte that shows UTF-16 without a byte order mark."""


class ByteStream(Protocol):
    """A buffered binary stream."""

    def peek(self, size: int, /) -> bytes: ...

    def read1(self, size: int, /) -> bytes: ...


def utf8_chunks(stream: ByteStream, name: str, encoding: str | None = None) -> tuple[Iterator[bytes], str]:
    """Return the text as chunks of UTF-8, and the encoding that it was in; errors begin with `name`.

    Bytes that are not text in that encoding are left as they are, so that they are not UTF-8.

    Raises:
        InputError: the stream is not text, its compressed data is damaged, or there is no such encoding.
    """
    stream, damage = decompressed(stream, name)
    try:
        head = stream.peek(CHUNK_BYTES)
    except damage as error:
        raise _damaged(name, error) from error
    kind = kind_of(head)
    if kind is not None:
        raise InputError(f"{name} is {kind.name}; {kind.remedy}")
    codec = checked_encoding(encoding) if encoding else detected_encoding(head)
    chunks = _chunks(stream, name, damage)
    return (chunks if codec == "utf-8" else _transcoded(chunks, name, codec)), codec.upper()


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(f"{name} is compressed, and its data is damaged or cut off ({error})")


def decompressed(stream: ByteStream, name: str) -> tuple[ByteStream, tuple[type[Exception], ...]]:
    """Return the stream without its compression, if it has one, and the errors that reading it may raise.

    Raises:
        InputError: it is compressed with zstd, and no library for that is installed.
    """
    kind = kind_of(stream.peek(CHUNK_BYTES))
    if kind is GZIP:
        return gzip.GzipFile(fileobj=cast("Any", stream)), (EOFError, gzip.BadGzipFile, zlib.error)
    if kind is ZSTANDARD:
        return _open_zstandard(stream, name)
    return stream, ()


def _open_zstandard(stream: ByteStream, name: str) -> tuple[ByteStream, tuple[type[Exception], ...]]:
    try:
        from compression import zstd  # from Python 3.14

        return zstd.ZstdFile(cast("Any", stream)), (EOFError, zstd.ZstdError)
    except ImportError:
        pass
    try:
        import zstandard  # an extra
    except ImportError as error:
        raise InputError(f"{name} is {ZSTANDARD.name}; {ZSTANDARD.remedy}") from error
    reader = zstandard.ZstdDecompressor().stream_reader(cast("Any", stream), read_across_frames=True)
    return io.BufferedReader(cast("io.RawIOBase", reader), CHUNK_BYTES), (EOFError, zstandard.ZstdError)


def _chunks(stream: ByteStream, name: str, damage: tuple[type[Exception], ...]) -> Iterator[bytes]:
    try:
        while chunk := stream.read1(CHUNK_BYTES):
            yield chunk
    except damage as error:
        raise _damaged(name, error) from error


def _transcoded(chunks: Iterator[bytes], name: str, codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)(errors="surrogateescape")
    try:
        for chunk in chunks:
            yield decoder.decode(chunk).encode(errors="surrogateescape")
        yield decoder.decode(b"", final=True).encode(errors="surrogateescape")
    except UnicodeError as error:
        raise InputError(f"{name} is not {codec}; name its encoding with --encoding") from error


def checked_encoding(name: str) -> str:
    """Return the codec's name. Raises InputError if Python has no such text encoding."""
    try:
        "".encode(name)
    except LookupError as error:
        raise InputError(f"there is no encoding {name!r}; cp1252, latin-1, utf-16 and shift_jis are some") from error
    codec = codecs.lookup(name).name
    return "utf-8" if codec == "utf-8-sig" else codec


def detected_encoding(head: bytes) -> str:
    """Return the codec that the first bytes show for certain: UTF-16 or UTF-32, or else UTF-8."""
    for bom, codec in BOMS.items():
        if head.startswith(bom):
            return codec
    even, odd = head[0::2], head[1::2]
    if odd and odd.count(0) > MIN_NULS * len(odd) and not even.count(0):
        return "utf-16-le"
    if odd and even.count(0) > MIN_NULS * len(even) and not odd.count(0):
        return "utf-16-be"
    return "utf-8"


def likely_encoding(content: bytes) -> str | None:
    """Return the encoding that text which is not UTF-8 is probably in, or None if that is unclear."""
    above_ascii = sum(byte >= 0x80 for byte in content)
    if above_ascii < len(content) / 3:  # accents and quotation marks in text of Latin letters
        try:
            content.decode("cp1252")
        except UnicodeDecodeError:
            return None
        return "cp1252"
    if above_ascii < MIN_SAMPLE_BYTES:
        return None
    try:
        from charset_normalizer import from_bytes  # an extra; 50 ms
    except ImportError:
        return None
    best = from_bytes(content).best()
    return best.encoding if best else None
