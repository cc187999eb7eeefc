"use strict";

const HERE = location.pathname.replace(/\/?$/, "/");  // with an API stage, the path may lack its last slash
const FIRST_TEXTS = 50;  // few, so that the first results appear soon
const BATCH_TEXTS = 500;
const BATCH_CHARS = 250000;  // with three bytes per character, still below a load balancer's 1 MB
const FILE_BYTES = 20 * 1024 * 1024;
const DRAW_ROWS = 200;  // rows drawn at once: ten thousand would make typing and scrolling slow
const NOTICEABLE = 0.005;  // words that change the score by less than half a percentage point are left out
const SAMPLES = [
  "Ceasefire monitors reach border towns after a week of shelling",
  "Island nations ask world court to rule on rising seas",
  "Underdogs win shootout to reach their first continental final",
  "Teen sprinter breaks 200m record in heavy rain",
  "Central bank holds rates as rents keep climbing",
  "Grocery chain to buy rival in $4.2 billion deal",
  "Astronomers map storms on a planet 40 light-years away",
  "Open-source assistant now runs offline on a phone",
  "Chipmaker slides as ministers weigh new export curbs",  // between several topics: good to explain
];

/** A row is as files.js reads it; it gets an `answer`, and `element` and `parts` when it is drawn.
 * `header`: the file's columns. Of the first `reached` rows, `drawn` are drawn, up to `goal`. `only`: the group that is shown. `controller` stops the run. */
const state = { rows: [], header: [], least: 0, only: "All", allTopics: false, reached: 0, drawn: 0, goal: DRAW_ROWS, controller: null };
const at = (id) => document.getElementById(id);

/** Create an element. Text is added as text nodes, never as HTML, because headlines are not trusted. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

const percent = (score) => `${(score * 100).toFixed(1)}%`;
const say = (message) => { at("status").textContent = message; };

function complain(message) {
  at("complaint").replaceChildren(...(message ? [make("strong", {}, "That did not work. "), message] : []));
}

function bar(score) {
  const filled = make("span");
  filled.style.setProperty("--share", percent(score));
  return make("span", { className: "track", "aria-hidden": "true" }, filled);
}

async function takeFile(file) {
  forget();
  try {
    const { rows, header, table } = await readFile(file);
    if (table) offerColumns(table, file.name);
    if (!rows) return;
    if (!rows.length) throw new Error("it contains no headlines.");
    start(rows, file.name, header);
  } catch (error) {
    complain(`${file.name}: ${error.message}`);
  }
}

/** Show which column of a file the headlines are in, and let another one be chosen. */
function offerColumns(table, name) {
  const [chosen] = table.texts;
  const names = table.header.map((column, index) => make("option", { value: index, selected: index === chosen }, column || `column ${index + 1}`));
  if (chosen === undefined) names.unshift(make("option", { value: "", selected: true, disabled: true }, "Choose a column"));
  at("column").replaceChildren(...names);
  at("columns").hidden = false;
  at("column").onchange = () => start(tableRows({ ...table, texts: [Number(at("column").value)] }), name, table.header);
  if (chosen !== undefined) return;
  say(`${name} has no column headline, title or text. Choose the column with the headlines.`);
  at("column").focus();
}

function classifyPasted() {
  const rows = textRows(at("headlines").value).map(({ line, ...row }) => row);  // pasted lines need no numbers
  at("columns").hidden = true;
  if (rows.length) return start(rows, "");
  complain("There are no headlines yet. Paste some, one per line, or try the samples.");
  at("headlines").focus();
}

function trySamples() {
  const box = at("headlines");
  const own = linesOf(box.value).filter((line) => !isBlank(line) && !SAMPLES.includes(line));
  box.value = [...own, ...SAMPLES].join("\n");  // below the pasted headlines, which stay
  classifyPasted();
}

function clearAll() {
  forget();
  at("headlines").value = "";
  at("headlines").focus();
}

function moveLeast() {
  const shown = `${at("least").value}%`;
  state.least = at("least").value / 100;
  at("least-shown").textContent = shown;
  at("least").setAttribute("aria-valuetext", shown);
  at("list").style.setProperty("--least", state.least || -1);  // no marker at zero
  if (state.only === "All") showCounts();
  else redraw();
  for (const row of state.rows) if (row.element?.isConnected) markRow(row);
}

function showStart() {
  if (RECOMMENDED_MIN_SCORE === null) return;
  at("start").hidden = at("start-value").hidden = false;
  const shown = `${Math.round(RECOMMENDED_MIN_SCORE * 100)}%`;
  at("start-hint").textContent = shown;
  at("start-value").textContent = shown;
  at("start-value").style.setProperty("--start", RECOMMENDED_MIN_SCORE);
}

async function showModel() {
  at("api").href = HERE + "openapi.json";
  try {
    const { version, model } = await (await fetch(HERE + "health")).json();
    at("model").textContent = `Model ${model.source}, revision ${model.revision}, engine ${model.engine}; version ${version}.`;
  } catch {
    at("model").textContent = "The server did not report its model.";
  }
}

at("form").addEventListener("submit", (event) => { event.preventDefault(); classifyPasted(); });
at("headlines").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) classifyPasted();
});
at("samples").addEventListener("click", trySamples);
at("more-topics").addEventListener("click", () => { state.allTopics = !state.allTopics; showCounts(); });
at("clear").addEventListener("click", clearAll);
at("choose").addEventListener("click", () => at("file").click());
at("file").addEventListener("change", () => {
  const [file] = at("file").files;
  if (file) takeFile(file);
  at("file").value = "";  // so that the same file can be chosen again after a fix
});
at("stop").addEventListener("click", () => state.controller?.abort());
at("resume").addEventListener("click", run);
at("download").addEventListener("click", download);
at("further").addEventListener("click", () => { state.goal += DRAW_ROWS; drawMore()?.focus(); });
at("least").addEventListener("input", moveLeast);
at("least").addEventListener("change", () => { say(summary()); });
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  at("form").classList.add("dropping");
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) at("form").classList.remove("dropping"); });
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  at("form").classList.remove("dropping");
  const { files } = event.dataTransfer;
  if (files.length === 1) takeFile(files[0]);
  else complain(`You dropped ${files.length} files. Drop one at a time.`);
});
at("list").style.setProperty("--longest", Math.max(...LABELS.map((label) => label.length)));
showStart();
showModel();
