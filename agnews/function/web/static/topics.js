"use strict";

// Topics. A group of rows is a position in LABELS, or one of the page's own: labels are any text, also "All" or "Error".

const SCORES = Math.min(LABELS.length, 10);  // how many are asked for and shown, the best first
const FEW_TOPICS = 10;  // the filters show so many at first
const NAMED_TOPICS = 5;  // the summary names so many, if there are more than one beyond
const POSITIONS = new Map(LABELS.map((label, position) => [label, position]));
const GROUPS = ["All", ...LABELS.keys(), "Abstained", "Error"];
const HUES = [255, 155, 65, 295, 0, 205, 110, 328, 32, 180, 230, 275, 88, 132, 344, 16];  // the last eight are between the others
const isTopic = (group) => typeof group === "number";
const nameOf = (group) => (isTopic(group) ? LABELS[group] : group);

/** Return the colour of a group. Every eight topics have another of three shades; after 48, colours repeat. */
function toneOf(group) {
  if (!isTopic(group)) return { Abstained: "var(--quiet)", Error: "var(--error)" }[group] ?? "var(--edge)";
  const shade = Math.floor(group / 8) % 3;
  if (group < 4) return `var(--tone-${group})`;
  return `oklch(calc(var(--lightness) + ${shade} * var(--shade)) .125 ${HUES[group % HUES.length]})`;
}

const paint = (element, group) => element.style.setProperty("--tone", toneOf(group));

const abstains = (row) => row.answer.score < state.least;

function groupOf(row) {
  if (row.answer.error) return "Error";
  return abstains(row) ? "Abstained" : POSITIONS.get(row.answer.label);
}

/** Return a label's score by label, the best first. JSON's objects do not keep the order of labels that are numbers. */
const scoresOf = (answer) => new Map(Object.entries(answer.scores).sort(([, a], [, b]) => b - a));

/** Return the number of answered rows by group. */
function tally() {
  const counts = new Map(GROUPS.map((group) => [group, 0]));
  for (const row of state.rows) {
    if (!row.answer) continue;
    for (const group of ["All", groupOf(row)]) counts.set(group, counts.get(group) + 1);
  }
  return counts;
}

/** Return the topics that some rows have, the most frequent first. */
const frequentTopics = (counts) => [...LABELS.keys()].filter((group) => counts.get(group)).sort((a, b) => counts.get(b) - counts.get(a));

/** Return how many rows have which topics, the most frequent first. */
function summary() {
  const counts = tally();
  const frequent = frequentTopics(counts);
  const named = frequent.slice(0, frequent.length > NAMED_TOPICS + 1 ? NAMED_TOPICS : undefined);
  const others = frequent.slice(named.length);
  const called = (groups) => groups.map((group) => `${counts.get(group).toLocaleString("en")} ${nameOf(group)}`);
  const parts = called(named);
  if (others.length) parts.push(`${others.reduce((sum, group) => sum + counts.get(group), 0).toLocaleString("en")} in ${others.length} other topics`);
  parts.push(...called(["Abstained", "Error"].filter((group) => counts.get(group))));
  return `${counted(counts.get("All"))} classified${parts.length ? `: ${parts.join(", ")}` : ""}.`;
}

/** Show the number of rows of each group; of many topics, the most frequent ones first. */
function showCounts() {
  const counts = tally();
  if (!at("share").children.length) makeCounts();
  const frequent = LABELS.length > FEW_TOPICS ? frequentTopics(counts) : [...LABELS.keys()];
  const shown = new Set(state.allTopics ? frequent : frequent.slice(0, FEW_TOPICS));
  for (const [index, group] of GROUPS.entries()) {
    const button = at("counts").children[index];
    button.hidden = state.only !== group && !(isTopic(group) ? shown.has(group) : counts.get(group));
    button.setAttribute("aria-pressed", String(state.only === group));
    button.lastChild.textContent = counts.get(group).toLocaleString("en");
  }
  const more = at("more-topics");
  more.hidden = frequent.length <= FEW_TOPICS;
  more.setAttribute("aria-expanded", String(state.allTopics));
  more.textContent = state.allTopics ? "Fewer topics" : `${frequent.length - FEW_TOPICS} more topics`;
  for (const [index, group] of GROUPS.slice(1).entries()) {
    const part = at("share").children[index];
    part.hidden = !counts.get(group);  // otherwise the gap beside it would remain
    part.style.flexGrow = counts.get(group);
  }
}

function makeCounts() {
  for (const group of GROUPS) {
    const button = make("button", { type: "button", className: "small" }, make("span", {}, nameOf(group)), make("b"));
    button.addEventListener("click", () => { state.only = group; redraw(); say(`${nameOf(group)}: ${counted(shownRows().length)}.`); });
    paint(button, group);
    at("more-topics").before(button);
    if (group === "All") continue;
    const part = make("span");
    paint(part, group);
    at("share").append(part);
  }
}
