"use strict";

// Headlines out of files, by the rules of agnews/cli/files. Constants that are defined nowhere here come from page.py.
// A row is {text, item, line, cells?, problem?}: `text` is shown, `item` is what the server gets.

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
  const tag = /^(?:ï»¿)?\s*(?:<!--[^]{0,1000}?-->\s*)*<([!?]?[a-z][\w:]*)(?=[\s/>])/i.exec(head)?.[1];
  return MARKUP.includes(tag?.toLowerCase()) ? "a web page or XML; save its text as .txt or .csv" : Object.entries(KINDS).find(([start]) => hex.startsWith(start))?.[1];
}

function checkSize(bytes) {
  if (bytes > FILE_BYTES) throw new Error(`it is larger than ${FILE_BYTES >> 20} MB. Split it, or use the command agnews classify --file.`);
}

/** Return where gzip data begins; it may be that of several files, one after the other. A place may be within data. */
function gzipStarts(bytes) {
  const starts = [];
  for (let at = bytes.indexOf(0x1f); at >= 0; at = bytes.indexOf(0x1f, at + 1)) {
    if (bytes[at + 1] === 0x8b && bytes[at + 2] === 8 && bytes[at + 3] < 32) starts.push(at);
  }
  return starts;
}

/** Return the content of gzip data. DecompressionStream reads one file, and does not say where it ends. */
async function unpacked(bytes) {
  const chunks = [];
  let start = 0;
  for (const end of [...gzipStarts(bytes).filter((at) => at > 0), bytes.length]) {
    const content = await inflated(bytes.subarray(start, end));
    if (!content) continue;  // that was not where it ends
    chunks.push(...content);
    start = end;
  }
  if (start < bytes.length) throw new Error("it is compressed, and its data is damaged or cut off.");
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Return the chunks of one gzip file's content; null if these bytes are not the whole of one. */
async function inflated(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: null }));
    if (done !== false) return done ? chunks : null;
    size += value.length;
    checkSize(size);
    chunks.push(value);
  }
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

/** The rules of agnews/api/placeholders.py. */
function isPlaceholder(text) {
  const whole = text.trim().toLowerCase();
  const inside = (character) => !AROUND.includes(character);
  const characters = [...whole];
  const word = characters.slice(characters.findIndex(inside), characters.findLastIndex(inside) + 1).join("");
  const listed = (part) => PLACEHOLDERS.includes(part) || new RegExp(`^(?:${PATTERN})$`, "u").test(part);
  return whole.length <= 40 && (listed(word) || listed(word.replace(/[, ]/g, "")) || word.split(/[\s,;|]+/).every(listed)
    || (BRACKETED.includes(word) && /^[([<{]/.test(whole)) || /^[\p{N}\p{P}\p{Sc}\p{Sm}\p{Sk} ]*$/u.test(whole));
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

/** Return {rows, header} of a file, and `table` if it has columns to choose from. Throws an Error that says what is wrong. */
async function readFile(file) {
  const suffix = /\.(\w+)(\.gz|\.zst)?$/i.exec(file.name)?.[1].toLowerCase();
  checkSize(file.size);
  let bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = await unpacked(bytes);
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
