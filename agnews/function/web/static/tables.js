"use strict";

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
