"use strict";

/** Return the server's answer. Throws an Error that says what to do. */
async function ask(items, options, signal) {
  let response;
  try {
    response = await fetch(HERE + "classify", {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ texts: items, ...options }),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server cannot be reached. Check the connection and try again.");
  }
  const body = await response.json().catch((error) => { if (error.name === "AbortError") throw error; });
  if (response.ok && Array.isArray(body?.predictions)) return body;
  const why = body?.error?.message ?? body?.message ?? "no reason given. Try again, or with fewer headlines";
  throw Object.assign(new Error(`The server returned ${response.status}: ${why.replace(/\.$/, "")}.`), { status: response.status });
}

/** Get answers for a batch of rows. Rows that timed out stay without one; a single refused row gets the error. */
async function answerBatch(batch, signal) {
  let predictions;
  try {
    ({ predictions } = await ask(batch.map((row) => row.item), { top_k: SCORES }, signal));
  } catch (error) {
    if (batch.length > 1 || ![400, 413, 422].includes(error.status)) throw error;
    predictions = [{ error: { message: error.message } }];
  }
  if (predictions.some(({ label }) => label && !POSITIONS.has(label))) throw new Error("The server's topics have changed. Reload the page.");
  const late = ({ error }) => error?.type === "DeadlineError";
  if (predictions.every(late)) throw new Error("The server timed out before the first headline. Try again.");
  batch.forEach((row, index) => {
    const prediction = predictions[index] ?? { error: { message: "The server returned no result for this headline." } };
    if (!late(prediction)) row.answer = prediction;
  });
}

/** Return the next rows to send in one request: not too many, and not too long. */
function nextBatch(rows, maxTexts) {
  const batch = [];
  let chars = 0;
  for (const row of rows) {
    chars += JSON.stringify(row.item).length;
    if (batch.length === maxTexts || (batch.length && chars > BATCH_CHARS)) break;
    batch.push(row);
  }
  return batch;
}

/** Stop the run and remove its results. */
function forget() {
  state.controller?.abort();
  Object.assign(state, { rows: [], header: [], controller: null });
  at("columns").hidden = true;
  complain("");
  say("");
  endRun();
}

function start(rows, source, header = []) {
  state.controller?.abort();
  for (const row of rows) if (row.problem) row.answer = { error: { message: row.problem } };
  Object.assign(state, { rows, header, only: "All", allTopics: false, reached: 0, drawn: 0, goal: DRAW_ROWS });
  at("title").textContent = source ? `Results: ${source}` : "Results";
  at("list").replaceChildren();
  at("results").hidden = true;
  return run();
}

/** Classify all rows that have no answer yet, in batches. Answers stay, whatever happens later. */
async function run() {
  const controller = state.controller = new AbortController();
  const total = state.rows.length;
  let maxTexts = state.rows.some((row) => row.answer && !row.problem) ? BATCH_TEXTS : FIRST_TEXTS;
  complain("");
  at("running").hidden = false;
  at("resume").hidden = true;
  try {
    for (let waiting; (waiting = state.rows.filter((row) => !row.answer)).length;) {
      at("progress").max = total;
      at("progress").value = total - waiting.length;
      say(`Classifying: ${(total - waiting.length).toLocaleString("en")} of ${counted(total)} done.`);
      const batch = nextBatch(waiting, maxTexts);
      maxTexts = BATCH_TEXTS;
      try {
        await answerBatch(batch, controller.signal);
      } catch (error) {
        if (error.status !== 413 || batch.length === 1) throw error;
        maxTexts = Math.ceil(batch.length / 2);  // the server accepts less
      }
      showResults();
    }
    say(summary());
  } catch (error) {
    if (state.controller !== controller) return;  // a newer run has taken over
    const stopped = error.name === "AbortError";
    say(`${stopped ? "Stopped. " : ""}${summary()}`);
    if (!stopped) complain(error.message);
  }
  if (state.controller !== controller) return;
  state.controller = null;
  endRun();
}

function endRun() {
  const focused = at("running").contains(document.activeElement);
  at("running").hidden = true;
  showResults();
  if (focused) (at("results").hidden ? at("headlines") : at("title")).focus();  // the Stop button has disappeared
}
