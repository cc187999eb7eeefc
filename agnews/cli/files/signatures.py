"""What a file is, by its first bytes, whatever its name says."""

from typing import NamedTuple

from agnews.api.forms import markup_of


class Kind(NamedTuple):
    """A kind of file that is not text."""

    name: str
    remedy: str
    """What to do if it cannot be read as it is."""


PIPE = "agnews classify"
GZIP = Kind("gzip-compressed", f"pipe it: gzip -dc FILE | {PIPE}")
ZSTANDARD = Kind("zstd-compressed", f"pip install zstandard, or pipe it: zstd -dc FILE | {PIPE}")
PARQUET = Kind("a Parquet file", "pip install pyarrow to read it, or save it as CSV")
WORKBOOK = Kind("a spreadsheet workbook", "pip install python-calamine to read it, or save its sheet as CSV")
DATABASE = "export the table as CSV"
SIGNATURES = {
    b"\x1f\x8b": GZIP,
    b"\x28\xb5\x2f\xfd": ZSTANDARD,
    b"BZh": Kind("bzip2-compressed", f"pipe it: bzip2 -dc FILE | {PIPE}"),
    b"\xfd7zXZ\0": Kind("xz-compressed", f"pipe it: xz -dc FILE | {PIPE}"),
    b"7z\xbc\xaf\x27\x1c": Kind("a 7z archive", "unpack it"),
    b"Rar!": Kind("a RAR archive", "unpack it"),
    b"PAR1": PARQUET,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": WORKBOOK,
    b"ARROW1": Kind("an Arrow file", "convert it: pandas.read_feather(FILE).to_csv(…, index=False)"),
    b"ORC": Kind("an ORC file", "convert it: pandas.read_orc(FILE).to_csv(…, index=False)"),
    b"Obj\x01": Kind("an Avro file", "convert it to JSON Lines: avro-tools tojson FILE"),
    b"\x80\x04\x95": Kind("a Python pickle", "save it as CSV: to_csv(…, index=False)"),
    b"\x80\x05\x95": Kind("a Python pickle", "save it as CSV: to_csv(…, index=False)"),
    b"SQLite format 3\0": Kind("an SQLite database", DATABASE),
    b"%PDF-": Kind("a PDF document", "save its text as .txt"),
    b"{\\rtf": Kind("an RTF document", "save it as plain text"),
    b"\x89PNG": Kind("a picture", "agnews reads text"),
    b"\xff\xd8\xff": Kind("a picture", "agnews reads text"),
    b"version https://git-lfs": Kind("a Git LFS pointer, not the file itself", "fetch the file: git lfs pull"),
}
MARKUP_BYTES = 4096
"""How far into a file its first tag may be, behind blanks and comments."""
MARKUP_REMEDY = "download the file itself, or convert it to CSV or JSON Lines"
ZIPPED = {
    b"xl/": WORKBOOK,
    b"opendocument.spreadsheet": WORKBOOK,
    b"word/": Kind("a Word document", "save it as plain text"),
    b"[Content_Types].xml": WORKBOOK,
}
ZIP = Kind("a ZIP archive", f"unpack it, or pipe its file: unzip -p FILE | {PIPE}")

TAR = Kind("a tar archive", f"unpack it, or pipe its file: tar -xOf FILE NAME | {PIPE}")


def kind_of(head: bytes) -> Kind | None:
    """Return what the file with these first bytes is, or None if it may be text."""
    if head.startswith(b"PK\x03\x04"):
        return next((kind for part, kind in ZIPPED.items() if part in head), ZIP)
    if head[257:262] == b"ustar":
        return TAR
    markup = markup_of(head[:MARKUP_BYTES].decode(errors="ignore"))
    if markup is not None:
        return Kind(markup, MARKUP_REMEDY)
    return next((kind for start, kind in SIGNATURES.items() if head.startswith(start)), None)
