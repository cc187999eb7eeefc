"use strict";

// Headlines out of files, by the rules of agnews/cli/files; the tests run both on the same table of cases.
// A row is {text, item, line, cells?, problem?}: `text` is shown, `item` is what the server gets. PLACEHOLDERS and NUMBER come from agnews/api.

const TEXT_COLUMNS = ["headline", "title", "text"];
const AG_NEWS = ["class", "title", "description"];  // the columns of AG News' own files, which have no header
const FORMS = { txt: "txt", csv: "csv", tsv: "csv", jsonl: "json", ndjson: "json", json: "json" };
const DELIMITERS = [",", ";", "\t", "|"];
const COLUMN_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_ ./#()-]{0,39}$/u;
const MAX_FIELD_CHARS = 1024 * 1024;
const NOT_UTF8 = "the line is not UTF-8, or has a NUL byte; save the file as UTF-8 (in Excel: “CSV UTF-8”)";
const COMPRESSED = "a compressed file; unpack it";
const WORKBOOK = "a spreadsheet workbook; save its sheet as CSV (in Excel: “CSV UTF-8”)";
const KINDS = {  // by the first bytes, in hexadecimal
  "1f8b": COMPRESSED, "28b52ffd": COMPRESSED, "425a68": COMPRESSED, "fd377a585a": COMPRESSED, "377abcaf": COMPRESSED,
  "52617221": COMPRESSED, "d0cf11e0": WORKBOOK, "50415231": "a Parquet file; save it as CSV",
  "4152524f5731": "an Arrow file; save it as CSV", "25504446": "a PDF document; save its text as .txt",
  "7b5c727466": "an RTF document; save it as plain text", "89504e47": "a picture", "ffd8ff": "a picture",
};
const ZIPPED = [["xl/", WORKBOOK], ["opendocument.spreadsheet", WORKBOOK], ["word/", "a Word document; save it as plain text"], ["[Content_Types].xml", WORKBOOK]];

const counted = (n, word = "headline") => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const plainName = (name) => name.replace(/\s/g, "").toLowerCase();
const isBlank = (text) => !text.trim();

/** Return what a file that is not text is, by its first bytes; undefined for text. */
function kindOf(bytes) {
  const hex = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 65536));
  if (hex.startsWith("504b0304")) return ZIPPED.find(([part]) => head.includes(part))?.[1] ?? "a ZIP archive; unpack it";
  if (head.slice(257, 262) === "ustar") return COMPRESSED;
  const markup = /^(ï»¿)?\s*<(!doctype html|html|\?xml|rss|feed)/i.test(head);
  return markup ? "a web page or XML; save its text as .txt or .csv" : Object.entries(KINDS).find(([start]) => hex.startsWith(start))?.[1];
}

/** Return the text of a file in UTF-8 or UTF-16, with a NUL for each byte that is neither. */
function decoded(bytes) {
  const [a, b, c, d] = bytes;
  const mark = a === 0xff && b === 0xfe ? "utf-16le" : a === 0xfe && b === 0xff ? "utf-16be" : undefined;
  if ((mark === "utf-16le" && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe)) throw new Error("it is UTF-32. Save it as UTF-8 and try again.");
  const nulls = [0, 1].map((first) => bytes.subarray(0, 4096).filter((byte, index) => index % 2 === first && !byte).length);
  const many = Math.min(bytes.length, 4096) * .35;
  const encoding = mark ?? (nulls[1] > many && !nulls[0] ? "utf-16le" : nulls[0] > many && !nulls[1] ? "utf-16be" : "utf-8");
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder(encoding).decode(bytes).replaceAll("\ufffd", "\0");
  }
}

/** Return all lines, also blank ones. CR, LF and CRLF end a line; a byte order mark may begin one. */
const linesOf = (text) => text.split(/\r\n|\r|\n/);

function isPlaceholder(text) {
  const word = text.trim();
  return word.length <= 40 && (PLACEHOLDERS.includes(word.toLowerCase()) || new RegExp(`^(${NUMBER})$`, "i").test(word.replace(/[, ]/g, "")));
}

const isMissing = (text) => isBlank(text) || isPlaceholder(text);

const damageOf = (text) => (text.includes("\0") ? { problem: NOT_UTF8 } : {});

/** Return a row that shows the first text that is not missing, and its description. */
function rowOf(item, texts, line, description = "", rest = {}) {
  const text = texts.find((value) => !isMissing(value)) ?? texts[0];
  const shown = isMissing(description) ? text : `${text} ${description}`.trim();
  return { text: shown.replaceAll("\0", "\ufffd"), item, line, ...rest };
}

function textRows(text) {
  const lines = linesOf(text).map((line, index) => [line.replace(/^\ufeff+/, ""), index + 1]);
  return lines.filter(([line]) => !isBlank(line)).map(([line, number]) => rowOf(line, [line], number, "", damageOf(line)));
}

// ---------------------------------------------------------------- CSV

/** Return the cells of the record that starts at `start` and where it ends; null if a quote is misplaced or never closed. */
function recordAt(text, start, delimiter, ends) {
  const cells = [];
  for (let at = start; ; at += 1) {
    let value = "";
    if (text[at] === '"') {
      for (;;) {
        const quote = text.indexOf('"', at + 1);
        if (quote < 0 || quote - start > MAX_FIELD_CHARS) return null;
        value += text.slice(at + 1, quote);
        at = quote + 1;
        if (text[at] !== '"') break;
        value += '"';
      }
    } else {
      ends.lastIndex = at;
      const end = ends.exec(text)?.index ?? text.length;
      value = text.slice(at, end);
      at = end;
    }
    cells.push(value);
    if (text[at] === delimiter) continue;
    if (at < text.length && !/[\r\n]/.test(text[at])) return null;
    return { cells, end: at + (text.startsWith("\r\n", at) ? 2 : 1) };
  }
}

/** Return the records that are not blank. One with a stray quote is its first line, with a problem. */
function recordsOf(text, delimiter) {
  const records = [];
  const ends = new RegExp(`[\\${delimiter}\r\n]`, "g");
  for (let start = 0, line = 1; start < text.length;) {
    const first = start;
    while (text[start] === "\ufeff") start += 1;
    let record = recordAt(text, start, delimiter, ends);
    if (!record) {
      const end = start + text.slice(start).search(/\r|\n|$/);
      record = { cells: [text.slice(start, end)], end: end + (text.startsWith("\r\n", end) ? 2 : 1) };
      record.problem = 'the row is not valid CSV; put a field with quotation marks in quotation marks and double those inside: "say ""no"""';
    }
    record = { ...record, ...damageOf(text.slice(start, record.end)) };
    if (!record.cells.every(isBlank)) records.push({ ...record, line, beginsFile: start > first && first > 0 });
    line += text.slice(start, record.end).match(/\r\n|\r|\n/g)?.length ?? 0;
    start = record.end;
  }
  return records;
}

const namedDelimiter = (line) => /^["\s]*sep=(.)["\s]*$/i.exec(line)?.[1];
const cellsOf = (line, delimiter) => recordsOf(line, delimiter)[0]?.cells ?? [];

/** Return what separates the fields of a header: the delimiter that makes most names of it, or else the usual one. */
function delimiterOf(header, usual) {
  const names = [usual, ...DELIMITERS].map((delimiter) => {
    const cells = cellsOf(header, delimiter).map((cell) => cell.trim());
    return cells.length && (!cells[0] || COLUMN_NAME.test(cells[0])) ? cells.filter((cell) => COLUMN_NAME.test(cell)).length : 0;
  });
  return [usual, ...DELIMITERS][names.indexOf(Math.max(...names))];
}

/** Return whether a line is the header of a CSV file; undefined if that is unclear. */
function isHeader(line) {
  if (namedDelimiter(line)) return true;
  for (const delimiter of DELIMITERS) {
    const cells = cellsOf(line, delimiter).map((cell) => cell.trim());
    if (cells.length < 2 || !cells.every((cell) => COLUMN_NAME.test(cell))) continue;
    if (cells.some((cell) => TEXT_COLUMNS.includes(plainName(cell)))) return true;
    if (cells.every((cell) => /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(cell)) && !line.includes(`${delimiter} `)) return undefined;
  }
  return TEXT_COLUMNS.includes(plainName(line.replace(/^"|"$/g, ""))) || /^"?[0-4]"?,".*"$/.test(line) ? undefined : false;
}

/** Return a table {header, records, delimiter, texts, description, id}: columns by index, `texts` in the order in which they are tried. */
function tableOf(text, usual) {
  const first = linesOf(text).find((line) => !isBlank(line)) ?? "";
  const named = namedDelimiter(first);
  const delimiter = named ?? delimiterOf(first.replace(/^\ufeff+/, ""), usual);
  let records = recordsOf(text, delimiter);
  if (named) records = records.slice(1);
  if (!records.length) throw new Error("The file is empty.");
  if (records[0].problem) throw new Error(`line ${records[0].line}: ${records[0].problem}.`);
  const header = withoutSurplus(records[0].cells, 0);
  if (isAgNews(header)) return { header: AG_NEWS, records, delimiter, texts: [1], description: 2 };
  const column = (name) => columnOf(header, name);
  const texts = TEXT_COLUMNS.map(column).filter((index) => index !== undefined);
  return { header, records: records.slice(1), delimiter, texts, description: column("description"), id: column("id") };
}

/** Return the index of the column of that name, undefined if there is none. */
function columnOf(header, name) {
  const matches = header.flatMap((column, index) => (plainName(column) === name ? [index] : []));
  if (matches.length > 1) throw new Error(`it has ${matches.length} columns '${name}'; rename all but one.`);
  return matches[0];
}

function withoutSurplus(cells, width) {
  let length = cells.length;
  while (length > width && isBlank(cells[length - 1])) length -= 1;
  return cells.slice(0, length);
}

/** Return the rows of a table. A repeated header is left out, and the rows below it are in its order. */
function tableRows({ header, records, delimiter, texts, description, id }) {
  const rows = [];
  const names = header.map(plainName);
  let order = [...names.keys()];
  let other;
  for (const { cells: all, line, problem, beginsFile } of records) {
    const cells = withoutSurplus(all, header.length);
    const cellNames = problem ? [] : cells.map(plainName);
    if (sorted(cellNames) === sorted(names)) {
      order = names.map((name, index) => (cellNames[index] === name ? index : cellNames.indexOf(name)));
      other = undefined;
      continue;
    }
    if ((beginsFile && !isAgNews(cells)) || isOtherHeader(cells, cellNames, names)) other = `another file begins here (line ${line}), and its header differs; split the file`;
    const padded = order.map((index) => (problem ? "" : cells[index] ?? ""));
    const rest = { cells: padded, problem: problem ?? other ?? fieldsProblem(cells, header.length, delimiter) };
    const item = {};  // with the keys that the server knows
    for (const index of texts) item[TEXT_COLUMNS.includes(names[index]) ? names[index] : "text"] = padded[index];
    if (description !== undefined) item.description = padded[description];
    if (id !== undefined) item.id = padded[id];
    rows.push(rowOf(item, problem ? [all[0]] : texts.map((index) => padded[index]), line, padded[description], rest));
  }
  return rows;
}

const sorted = (names) => [...names].sort().join("\n");
const isAgNews = (cells) => cells.length === 3 && /^\s*[0-4](\.0*)?\s*$/.test(cells[0]) && !cells.some((cell) => TEXT_COLUMNS.includes(plainName(cell)));

/** Return whether a row names columns: the text's, in another place, and others of the header or only words. */
function isOtherHeader(cells, cellNames, names) {
  const moved = TEXT_COLUMNS.some((name) => names.includes(name) && cellNames.includes(name) && names.indexOf(name) !== cellNames.indexOf(name));
  return moved && (names.filter((name) => cellNames.includes(name)).length > 1 || cells.every((cell) => /^\s*[\p{L}\p{N}_][\p{L}\p{N}_.-]*\s*$/u.test(cell)));
}

/** Return what is wrong with a row that has another number of cells than the header; undefined if it has not. */
function fieldsProblem(cells, expected, delimiter) {
  if (cells.length === expected) return undefined;
  const part = cells.length > expected ? `'${delimiter}'` : "a line end";
  const remedy = cells.some((cell) => /^\s+"/.test(cell)) ? "leave out the blank before the quotation mark that begins a field" : `put a field that contains ${part} in quotation marks: "…"`;
  return `the row has ${counted(cells.length, "field")}, the header has ${expected}; ${remedy}`;
}

// ---------------------------------------------------------------- JSON

const isObject = (value) => typeof value === "object" && value !== null && !(value instanceof Error);

/** Return the rows of one array, or of one value per line, and the keys of all objects. */
function jsonRows(text) {
  const values = documentOf(text);
  const lines = () => linesOf(text).map((line, index) => [index + 1, line]).filter(([, line]) => !isBlank(line)).map(([number, line]) => [number, parsed(line)]);
  const numbered = values ? values.map((value, index) => [index + 1, value]) : lines();
  const header = [...new Set(numbered.flatMap(([, value]) => (isObject(value) ? Object.keys(value) : [])))];
  return { header, rows: numbered.map(([line, value]) => (isObject(value) ? objectRow(value, line, header) : valueRow(value, line, header))) };
}

/** Return the values of an array; undefined for one value per line. Throws an Error for what pandas writes otherwise. */
function documentOf(text) {
  let value;
  try {
    value = parsedJson(text);
  } catch (error) {
    if (/^\s*\[/.test(text) && linesOf(text).some((line) => !isBlank(line) && parsed(line) instanceof Error)) throw new Error(`it is not valid JSON: ${error.message}.`);
    return undefined;  // one value per line, or a mistake that its line shows
  }
  if (Array.isArray(value) && !value.some(Array.isArray)) return value;
  if (!isObject(value) || (!Array.isArray(value) && !isFrame(value))) return [value];
  throw new Error("it is JSON, but neither an array of headlines nor one object per line; the command agnews classify reads other forms.");
}

/** Return whether an object is a table as pandas writes it. */
function isFrame(value) {
  if (Array.isArray(value.data) && (Array.isArray(value.columns) || isObject(value.schema))) return true;
  const cells = Object.values(value);
  return cells.every((cell) => isObject(cell) && !Array.isArray(cell)) || Object.keys(value).every((key) => /^\d+$/.test(key));
}

/** Return a JSON value, with null for Python's NaN and Infinity. */
function parsedJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text.replace(/"(?:[^"\\]+|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (token) => (token[0] === '"' ? token : "null")));
  }
}

function parsed(line) {
  if (line.includes("\0")) return new Error(NOT_UTF8);
  try {
    return parsedJson(line.replace(/^\ufeff+/, ""));
  } catch {
    return new Error("the line is not valid JSON; expected a string or an object");
  }
}

function valueRow(value, line, header) {
  const cells = header.map(() => "");
  if (value instanceof Error) return { text: "", line, cells, problem: value.message };
  return rowOf(value, [typeof value === "string" ? value : ""], line, "", { cells });
}

function objectRow(object, line, header) {
  const cells = header.map((key) => (object[key] === null || object[key] === undefined ? "" : typeof object[key] === "object" ? JSON.stringify(object[key]) : String(object[key])));
  const strings = (name) => Object.keys(object).filter((key) => plainName(key) === name && typeof object[key] === "string").map((key) => object[key]);
  const texts = TEXT_COLUMNS.flatMap(strings);
  return rowOf(object, texts.length ? texts : [""], line, strings("description")[0], { cells });
}

// ---------------------------------------------------------------- files

/** Return {rows, header} of a file, and `table` if it has columns to choose from. Throws an Error that says what is wrong. */
async function readFile(file) {
  const suffix = /\.(\w+)$/.exec(file.name)?.[1].toLowerCase();
  if (file.size > FILE_BYTES) throw new Error(`it is larger than ${FILE_BYTES >> 20} MB. Split it, or use the command agnews classify --file.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const kind = kindOf(bytes);
  if (kind) throw new Error(`it is ${kind}.`);
  let form = FORMS[suffix];
  if (!form) throw new Error("expected a .txt file with one headline per line, or a .csv, .tsv or .jsonl file.");
  const text = decoded(bytes);
  const first = (linesOf(text).find((line) => !isBlank(line)) ?? "").replace(/^\ufeff+/, "");
  if (/^\s*(\{\s*(["}]|$)|\[\s*([[{"\]]|$))/.test(first)) form = "json";
  else if (suffix !== "csv" && suffix !== "tsv") {
    const header = isHeader(first.trim());
    if (header === undefined && form === "txt") throw new Error(`it looks like CSV: its first line is “${first.trim().slice(0, 60)}”. Name it .csv, or paste its lines.`);
    if (header) form = "csv";
  }
  if (form === "json") return jsonRows(text);
  if (form === "txt") return { rows: textRows(text) };
  const table = tableOf(text, suffix === "tsv" ? "\t" : ",");
  return { table, header: table.header, rows: table.texts.length ? tableRows(table) : null };
}

// ---------------------------------------------------------------- download

/** Return a CSV field (RFC 4180). Spreadsheets run a cell that begins like a formula, also one that begins after a
 * semicolon, tab or line end where those separate cells, so it gets an apostrophe, which programs must remove. */
function field(value) {
  const safe = value.replace(/(^|[;\t\r\n])("*)(?=[=+\-@\t\r\n＝＋－＠])/g, "$1'$2");
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Return CSV for spreadsheets, which read UTF-8 only behind a byte order mark. */
function csvOf(records) {
  return "\ufeff" + records.map((record) => record.map((cell) => field(String(cell))).join(",") + "\r\n").join("");
}

/** Return `name`, prefixed until it is not among the names taken. */
function unusedName(name, taken) {
  return taken.includes(name) ? unusedName(`agnews_${name}`, taken) : name;
}
