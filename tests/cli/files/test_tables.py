"""Spreadsheet workbooks, Parquet and zstd, which need libraries that are an extra."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from agnews.api.columns import ColumnNames
from agnews.api.request import read_item
from agnews.cli.files.sources import open_source
from agnews.errors import InputError
from agnews.settings import Settings

CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook() -> bytes:
    """The smallest workbook of two sheets, the first one with a header, an empty row and two rows."""
    rows = [("A1", "id"), ("B1", "title"), ("B3", "Oil prices climb"), ("A4", "x"), ("B4", "N/A")]
    cells = {number: "".join(CELL.format(*cell) for cell in rows if cell[0][1] == number) for number in "134"}
    cells["3"] = '<c r="A3"><v>7</v></c>' + cells["3"]
    data = "".join(f'<row r="{number}">{row}</row>' for number, row in cells.items())
    sheets = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in (1, 2))
    targets = "".join(f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="s{n}.xml"/>' for n in (1, 2))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{targets}</Relationships>',
        "xl/s1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{data}</sheetData></worksheet>',
        "xl/s2.xml": f'<worksheet xmlns="{SHEET}"><sheetData/></worksheet>',
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_the_first_sheet_of_a_workbook_is_read(name: str, tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    (tmp_path / name).write_bytes(workbook())
    with open_source(tmp_path / name, ColumnNames()) as source:
        rows = list(source.rows)
        assert source.notes == ["the first of 2 sheets, 'S1', was read"]
    assert [(row.line, row.cells) for row in rows] == [(3, ("7", "Oil prices climb")), (4, ("x", "N/A"))]
    assert [read_item(row.value, Settings()).text for row in rows] == ["Oil prices climb", None]


def test_a_parquet_file_is_read(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"Title": ["Oil prices climb", None, "Goal"], "id": [1, 2, None], "score": [1.5, 2.0, None]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    with open_source(tmp_path / "a.parquet", ColumnNames()) as source:
        assert source.header == ("Title", "id", "score")
        assert [row.cells for row in source.rows] == [
            ("Oil prices climb", "1", "1.5"),
            ("", "2", "2"),
            ("Goal", "", ""),
        ]


def test_zstd_is_read(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard" if sys.version_info < (3, 14) else "compression.zstd")
    (tmp_path / "a.csv.zst").write_bytes(zstandard.compress(b"title\nGo") + zstandard.compress(b"al\n"))
    with open_source(tmp_path / "a.csv.zst", ColumnNames()) as source:
        assert [row.cells for row in source.rows] == [("Goal",)]


@pytest.mark.parametrize(
    ("module", "content", "message"),
    [
        ("python_calamine", workbook(), "is a spreadsheet workbook; pip install python-calamine to read it"),
        ("pyarrow", b"PAR1\x15\x04PAR1", "is a Parquet file; pip install pyarrow to read it"),
        ("zstandard", b"\x28\xb5\x2f\xfd\x20\x00", "is zstd-compressed; pip install zstandard, or pipe it: zstd -dc"),
    ],
)
def test_without_the_library_the_error_says_what_to_install(
    module: str, content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for absent in (module, "compression"):
        monkeypatch.setitem(sys.modules, absent, None)
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError) as error, open_source(tmp_path / "a.csv", ColumnNames()):
        pass
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("module", "content"), [("python_calamine", workbook()[:400]), ("pyarrow", b"PAR1\x15\x04PAR1")]
)
def test_a_damaged_table_is_refused(module: str, content: bytes, tmp_path: Path) -> None:
    pytest.importorskip(module)
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match="that cannot be read"), open_source(tmp_path / "a.csv", ColumnNames()):
        pass
