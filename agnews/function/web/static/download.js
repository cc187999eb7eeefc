"use strict";

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

/** Return the header and records of the download: the file's own columns, or the text, and the answers. */
function answeredRecords(rows) {
  const own = state.header.length ? state.header : ["text"];
  const names = ["label", "score", "abstained", "truncated", "unfamiliar", ...LABELS.map((label) => `score_${label}`), "error"];
  const records = rows.map((row) => {
    const { answer } = row;
    const scores = answer.error ? new Map() : scoresOf(answer);
    const listed = LABELS.map((label) => scores.get(label) ?? "");
    const values = answer.error ? ["", "", "", "", "", ...listed, answer.error.message] :
      [abstains(row) ? "" : answer.label, answer.score, abstains(row), answer.truncated, Boolean(answer.unfamiliar), ...listed, ""];
    return [...(state.header.length ? row.cells : [row.text]), ...values];
  });
  return [[...own, ...names.map((name) => unusedName(name, own))], ...records];
}

function download() {
  const rows = state.rows.filter((row) => row.answer);
  const address = URL.createObjectURL(new Blob([csvOf(answeredRecords(rows))], { type: "text/csv;charset=utf-8" }));
  make("a", { href: address, download: "topics.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  say(`Downloaded ${counted(rows.length)} as topics.csv.`);
}
