"use strict";

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
