"""Files as people have them, and the rows that are read from them."""

import gzip
import json
from collections.abc import Sequence
from typing import NamedTuple

ROWS = [("1", "Oil prices climb"), ("2", "Striker scores twice")]
PLAIN = "id,title\n1,Oil prices climb\n2,Striker scores twice\n"
TEXTS = [(None, "Oil prices climb"), (None, "Striker scores twice")]
RECORDS = '[{"id": "1", "title": "Oil prices climb"}, {"id": "2", "title": "Striker scores twice"}]'
ACCENTS = [("1", "Société Générale relève ses prévisions"), ("2", "“Größte” Übernahme")]
ACCENTED = "id;title\n1;Société Générale relève ses prévisions\n2;“Größte” Übernahme\n"


class FileCase(NamedTuple):
    """A file's name and content, and the id and text of each row; a row that cannot be used has its message."""

    name: str
    content: str | bytes
    rows: Sequence[tuple[object, str]]
    errors: tuple[str, ...] = ()
    """Parts of the messages of the rows that cannot be used, in order."""


LINE_ENDS = [
    FileCase("cr.txt", "Oil prices climb\rStriker scores twice\r", TEXTS),
    FileCase("mixed.txt", "Oil prices climb\r\n\r\r\n \nStriker scores twice", TEXTS),
    FileCase("cr.csv", PLAIN.replace("\n", "\r"), ROWS),
    FileCase("mixed.csv", "id,title\r1,Oil prices climb\r\n\n2,Striker scores twice", ROWS),
    FileCase("cr.jsonl", '"Oil prices climb"\r"Striker scores twice"\r', TEXTS),
    FileCase(
        "quoted.csv",
        'id,title\r\n1,"Oil\rprices"\r\n2,"Striker\r\nscores\n"\r\n',
        [("1", "Oil\rprices"), ("2", "Striker\r\nscores\n")],
    ),
]
FORMS = [
    FileCase("plain.CSV", PLAIN, ROWS),
    FileCase("plain.tsv", PLAIN.replace(",", "\t"), ROWS),
    FileCase("commas.tsv", PLAIN, ROWS),
    FileCase("semicolons.csv", PLAIN.replace(",", ";"), ROWS),
    FileCase("tabs.csv", PLAIN.replace(",", "\t"), ROWS),
    FileCase("sep.csv", "sep=;\r\n" + PLAIN.replace(",", ";"), ROWS),
    FileCase("comma_in_header.csv", "id;title;a, b\n1;Oil prices climb;\n2;Striker scores twice;\n", ROWS),
    FileCase("semicolons_in_texts.csv", "title\nOil; gas; coal\n", [(None, "Oil; gas; coal")]),
    FileCase("csv.txt", PLAIN, ROWS),
    FileCase("json.csv", RECORDS, ROWS),
    FileCase("csv.jsonl", PLAIN, ROWS),
    FileCase("lines.ndjson", '{"id": "1", "title": "Oil prices climb"}\n"Striker scores twice"', [ROWS[0], TEXTS[1]]),
    FileCase("array.json", RECORDS, ROWS),
    FileCase("array.jsonl", RECORDS, ROWS),
    FileCase("pretty.jsonl", RECORDS.replace("{", "\n  {").replace("]", "\n]\n"), ROWS),
    FileCase("texts.json", '["Oil prices climb", "Striker scores twice"]', TEXTS),
    FileCase("empty.json", "[]", []),
    FileCase("split.json", json.dumps({"columns": ["id", "title"], "index": [0, 1], "data": ROWS}), ROWS),
    FileCase(
        "columns.json",
        '{"id": {"0": "1", "1": "2"}, "title": {"0": "Oil prices climb", "1": "Striker scores twice"}}',
        ROWS,
    ),
    FileCase(
        "index.json",
        '{"0": {"id": "1", "title": "Oil prices climb"}, "1": {"id": "2", "title": "Striker scores twice"}}',
        ROWS,
    ),
    FileCase("series.json", '{"0": "Oil prices climb", "1": "Striker scores twice"}', TEXTS),
    FileCase("table.json", f'{{"schema": {{"fields": []}}, "data": {RECORDS}}}', ROWS),
    FileCase("one_series.jsonl", '{"0": "Oil prices climb"}\n\n', TEXTS[:1]),
    FileCase(
        "values_that_look_like_documents.jsonl",
        '{"id": "1", "title": "Oil prices climb", "data": ["x"]}\n{"title": {"0": "a"}}\n{"0": "a"}\n["a"]\n',
        ROWS[:1],
        ("a text must be a string", "found keys '0'", "found a list of 1"),
    ),
    FileCase("data.jsonl", '{"id": "1", "title": "Oil prices climb", "data": ["x"]}\n', ROWS[:1]),
    FileCase("articles.jsonl", '{"article": {"title": "a"}}\n' * 2, [], ("found keys 'article'",) * 2),
    FileCase("inputs.jsonl", '{"inputs": {"text": "a", "text_pair": "b"}}', [], ("found keys 'inputs'",)),
    FileCase(
        "ag_news.csv",
        '"3","Oil prices climb","Crude rose."\n2,Goal,NaN\n',
        [(None, "Oil prices climb Crude rose."), (None, "Goal")],
    ),
    FileCase("plain.csv.gz", gzip.compress(PLAIN.encode()), ROWS),
    FileCase("two.csv.gz", gzip.compress(PLAIN[:30].encode()) + gzip.compress(PLAIN[30:].encode()), ROWS),
    FileCase("really_gzip.csv", gzip.compress(PLAIN.encode()), ROWS),
    FileCase("not_gzip.csv.gz", PLAIN, ROWS),
]
COLUMNS = [
    FileCase("case.csv", PLAIN.replace("id,title", " ID , Head Line "), ROWS),
    FileCase(
        "case.jsonl", '{"ID": 1, " Title": "Oil prices climb", "DESCRIPTION": "OPEC"}', [(1, "Oil prices climb OPEC")]
    ),
    FileCase("title_text.csv", "text,title\nSubscribe,Oil prices climb\n", [(None, "Oil prices climb")]),
    FileCase("title_text.jsonl", '{"text": "Subscribe", "title": "Oil prices climb"}', [(None, "Oil prices climb")]),
    FileCase("title_null.jsonl", '{"text": "Oil prices climb", "title": null}', [(None, "Oil prices climb")]),
    FileCase("twice.jsonl", '{"title": "a", "Title": "b"}\n"Oil prices climb"', TEXTS[:1], ("2 columns 'title'",)),
    FileCase("index_column.csv", ",title\n0,Oil prices climb\n", TEXTS[:1]),
]
ENCODINGS = [
    FileCase("two_boms.csv", "\ufeff\ufeff" + PLAIN, ROWS),
    FileCase("utf_16.csv", ACCENTED.encode("utf-16"), ACCENTS),
    FileCase("utf_16_be.csv", b"\xfe\xff" + ACCENTED.encode("utf-16-be"), ACCENTS),
    FileCase("utf_16_without_bom.csv", ACCENTED.encode("utf-16-le"), ACCENTS),
    FileCase("utf_32.csv", ACCENTED.encode("utf-32"), ACCENTS),
    FileCase("utf_16.txt", "Oil prices climb\r\nStriker scores twice".encode("utf-16"), TEXTS),
    FileCase("joined.csv", f"\ufeff{PLAIN}\ufeff{PLAIN}", ROWS * 2),
    FileCase("joined.txt", "\ufeffOil prices climb\n\ufeffStriker scores twice\n", TEXTS),
    FileCase("cp1252.csv", PLAIN.encode() + "3,Société\n".encode("cp1252"), ROWS, ("the line is not UTF-8",)),
    FileCase("cp1252.txt", "Oil prices climb\nSociété\n".encode("cp1252"), TEXTS[:1], ("the line is not UTF-8",)),
    FileCase("nul.csv", "id,title,x\n1,Oil prices climb,\n2,Goal,a\0b\n", ROWS[:1], ("NUL",)),
]
JOINED = [
    FileCase("joined_alike.csv", f"{PLAIN} ID , Title \n{PLAIN[9:]}", ROWS * 2),
    FileCase("joined_in_another_order.csv", f"{PLAIN}\ufeffTitle,Id\nGoal,3\n{PLAIN}", [*ROWS, ("3", "Goal"), *ROWS]),
    FileCase(
        "joined_in_another_order_of_three.csv",
        "id,title,kind\n1,Oil prices climb,x\nid,kind,title\n2,politics and more,Striker scores twice\n",
        ROWS,
    ),
    FileCase("joined_others.csv", f"{PLAIN}title,kind\nGoal,a\n{PLAIN}", ROWS * 2, ("begins here (line 4)",) * 2),
    FileCase("joined_others_bom.csv", f"{PLAIN}\ufeffid,kop\n3,Goal\n", ROWS, ("begins here (line 4)",) * 2),
    FileCase("no_header.csv", f"{PLAIN}3,Title\n4,A text\n", [*ROWS, ("3", "Title"), ("4", "A text")]),
]
BAD_ROWS = [
    FileCase("surplus.csv", PLAIN.replace("climb", "climb,,").replace("twice", "twice, "), ROWS),
    FileCase("surplus_header.csv", PLAIN.replace("title", "title,,"), ROWS),
    FileCase("empty_rows.csv", PLAIN + ',\n" ",""\n,,,\n', ROWS),
    FileCase("comma.csv", PLAIN + "3,Oil, gas\n", ROWS, ("put a field that contains ',' in quotation marks",)),
    FileCase("blank.csv", PLAIN + '3, "Oil, gas"\n', ROWS, ("leave out the blank before the quotation mark",)),
    FileCase(
        "backslash.csv", 'id,title\n1,"Oil \\"prices\\" climb"\n2,"Goal"\n', [("2", "Goal")], ("double those inside",)
    ),
    FileCase("stray.csv", 'id,title\n0,"Oil "prices climb\n' + PLAIN[9:], ROWS, ("the row is not valid CSV",)),
    FileCase("never_closed.csv", 'id,title\n0,"Oil prices\n' + PLAIN[9:], ROWS, ("the row is not valid CSV",)),
    FileCase("inch.csv", 'id,title\n1,A 98" TV\n2,A 75" TV\n', [("1", 'A 98" TV'), ("2", 'A 75" TV')]),
    FileCase("placeholders.csv", f"{PLAIN}3,NaN\n4,12345\n5,#REF!\n", ROWS, ("'NaN'", "'12345'", "'#REF!'")),
    FileCase("placeholders.txt", "null\nOil prices climb\nN/A\n", TEXTS[:1], ("'null'", "'N/A'")),
    FileCase(
        "placeholders.jsonl",
        '"None"\n{"text": "[object Object]"}\n{"title": "-1,234.5"}\n"1.5E3 %"\n"2024."\n"2024 budget"\n"inf%"',
        [(None, "2024 budget"), (None, "inf%")],
        ("'None'", "'[object Object]'", "'-1,234.5'", "'1.5E3 %'", "'2024.'"),
    ),
    FileCase("no_description.csv", "title,description\nOil prices climb,N/A\nGoal,NaN\n", [TEXTS[0], (None, "Goal")]),
    FileCase("no_description.jsonl", '{"title": "Goal", "description": NaN}', [(None, "Goal")]),
]
FILE_CASES = [*LINE_ENDS, *FORMS, *COLUMNS, *ENCODINGS, *JOINED, *BAD_ROWS]

REFUSED = [
    ("twice.csv", "title,title\na,b\n", "has 2 columns 'title'"),
    ("alike.csv", "Title,title\na,b\n", "has 2 columns 'title' ('Title' and 'title'); rename all but one"),
    ("other.csv", "id,body\n1,a\n", "its columns are 'id', 'body'; name one with --column"),
    (
        "values.json",
        "[[1, 2]]",
        "is an array of arrays, without column names; write one object per line: DataFrame.to_json",
    ),
    ("broken.json", '[\n  {"title": "a"}\n  {"title": "b"}\n]', "broken.json:3: Expecting ',' delimiter"),
    ("header.txt", "title\nOil prices climb\n", "looks like CSV (its first line is 'title'); say --input-format csv"),
    ("header.txt", "id,kop\n1,a\n", "--input-format txt if each line is a headline"),
    ("ag_news.txt", '3,"Wall St.","Reuters - a"\n', "looks like CSV"),
    (
        "cut.csv.gz",
        gzip.compress(PLAIN.encode() * 99)[:60],
        "cut.csv.gz is compressed, and its data is damaged or cut off",
    ),
    ("picture.csv", b"\x89PNG\r\n\x1a\n", "picture.csv is a picture"),
    ("page.csv", "<!DOCTYPE html>\n<html>", "page.csv is a web page (HTML); download the file itself"),
    ("feed.csv", '\ufeff<?xml version="1.0"?>', "feed.csv is an XML file"),
    ("feed.txt", '<rss version="2.0">\n<title>Oil prices climb</title>\n</rss>', "feed.txt is a feed (RSS)"),
    (
        "part.txt",
        "<!-- part of a feed -->\n<item>\n<title>Oil prices climb</title>\n</item>",
        "part.txt is a feed (RSS)",
    ),
    (
        "archive.csv",
        b"PK\x03\x04" + b"\0" * 26 + b"a.csv",
        "is a ZIP archive; unpack it, or pipe its file: unzip -p FILE |",
    ),
    ("archive.txt", b"a.csv".ljust(257, b"\0") + b"ustar\0", "is a tar archive; unpack it, or pipe its file: tar -xOf"),
    ("export.xls", PLAIN, "export.xls is not what its name says, but text; if it is CSV, say --input-format csv"),
    ("old.csv", b"BZh91AY&SY", "is bzip2-compressed; pipe it: bzip2 -dc FILE | agnews classify"),
    ("old.txt", b"%PDF-1.7\n", "is a PDF document"),
    ("notes.docx", "Oil prices climb", "expected a name that ends in .txt, .csv, .tsv, .jsonl, .ndjson, .json,"),
]
"""Names and contents of files that cannot be read, and a part of the message."""
