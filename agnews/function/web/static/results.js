"use strict";

const SCORES_SHOWN = SCORES === LABELS.length ? "All scores" : `The ${SCORES} best scores`;

function showResults() {
  const answered = state.rows.filter((row) => row.answer).length;
  const first = at("results").hidden && answered > 0;
  at("results").hidden = answered === 0;
  at("resume").hidden = state.controller !== null || answered === state.rows.length;
  at("resume").textContent = `Continue with the other ${(state.rows.length - answered).toLocaleString("en")}`;
  showCounts();
  drawMore();
  if (first && at("results").getBoundingClientRect().top > innerHeight * .7) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    at("results").scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  }
}

const shows = (row) => row.answer && (state.only === "All" || groupOf(row) === state.only);
const shownRows = () => state.rows.filter(shows);

function redraw() {
  Object.assign(state, { reached: 0, drawn: 0, goal: DRAW_ROWS });
  at("list").replaceChildren();
  showCounts();
  drawMore();
}

/** Draw answered rows up to the goal and return the first new one. */
function drawMore() {
  const fresh = document.createDocumentFragment();
  while (state.drawn < state.goal && state.rows[state.reached]?.answer) {
    const row = state.rows[state.reached++];
    if (!shows(row)) continue;
    row.element ??= makeRow(row);
    markRow(row);
    fresh.append(row.element);
    state.drawn += 1;
  }
  const first = fresh.firstChild;
  at("list").append(fresh);
  const left = shownRows().length - state.drawn;
  at("further").hidden = left <= 0;
  at("further").textContent = `Show ${Math.min(DRAW_ROWS, left)} more (${left.toLocaleString("en")} left)`;
  return first;
}

function makeRow(row) {
  const parts = row.parts = {
    topic: make("span", { className: "topic" }),
    headline: make("p", { className: "headline", dir: "auto" }, row.text || "(no text)"),
    note: make("p", { className: "note" }),
    scores: make("div"),
    why: make("div"),
  };
  const { answer } = row;
  const words = make("div", { className: "words" }, parts.headline, parts.note);
  if (answer.error) return make("li", { tabIndex: -1 }, parts.topic, make("span"), words);
  const scored = toggle(row, "scores", "scored", [bar(answer.score), make("span", {}, percent(answer.score))], `${SCORES_SHOWN} of`, () => scoreList(answer));
  scored.title = SCORES_SHOWN;
  const why = toggle(row, "why", "small", ["Why?"], "Why?", (isOpen) => whyOf(row, isOpen));
  const element = make("li", { tabIndex: -1 }, parts.topic, scored, words);
  element.append(make("div", { className: "acts" }, why), make("div", { className: "more" }, parts.scores, parts.why));
  return element;
}

/** Update what can change in a drawn row: its topic, when the minimum changes, and its notes. */
function markRow(row) {
  const { answer, parts } = row;
  const group = groupOf(row);
  paint(row.element, group);
  row.element.className = [answer.error ? "error" : "", parts.scores.firstChild || parts.why.firstChild ? "open" : ""].join(" ");
  parts.topic.textContent = nameOf(group);
  const notes = [];
  if (answer.error) notes.push(`${row.line ? `Line ${row.line.toLocaleString("en")}: ` : ""}${answer.error.message}`);
  if (group === "Abstained") notes.push(`Below the minimum; the best guess was ${answer.label}.`);
  if (answer.truncated) notes.push(make("span", { className: "tag" }, "Truncated"), "Longer than the model reads; the end was ignored.");
  if (answer.unfamiliar) notes.push(make("span", { className: "tag" }, "Unfamiliar"), "Unlike English, which the model reads; the topic means little.");
  parts.note.replaceChildren(...notes.flatMap((note) => [note, " "]));
  parts.note.hidden = !notes.length;
}

/** Return a button that opens and closes a part under the row; `content` creates it. */
function toggle(row, part, className, shown, called, content) {
  const button = make("button", { type: "button", className, "aria-expanded": "false" }, ...shown);
  button.setAttribute("aria-label", `${called} ${row.text.slice(0, 80)}`);  // a list of twenty "Why?" would not help
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  button.addEventListener("click", async () => {
    const container = row.parts[part];
    button.setAttribute("aria-expanded", String(!isOpen()));
    container.setAttribute("aria-live", "polite");
    container.replaceChildren(...(isOpen() ? [make("p", { className: "note" }, "Loading…")] : []));
    if (!isOpen() && part === "why") row.parts.headline.textContent = row.text;
    markRow(row);
    const element = isOpen() ? await content(isOpen) : "";
    if (isOpen()) container.replaceChildren(element);
  });
  return button;
}

function scoreList(answer) {
  const list = make("dl", { className: "scores" });
  for (const [label, score] of scoresOf(answer)) {
    const line = make("div", {}, make("dt", { dir: "auto" }, label), make("dd", {}, bar(score)), make("dd", {}, percent(score)));
    paint(line, POSITIONS.get(label));
    list.append(line);
  }
  return list;
}
