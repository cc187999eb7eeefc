"use strict";

/** Return the words that change the score noticeably; requested once per row. */
async function noticeableWords(row) {
  row.explanation ??= explanationOf(row.item);
  try {
    return (await row.explanation).filter(({ contribution }) => Math.abs(contribution) >= NOTICEABLE);
  } catch (error) {
    row.explanation = undefined;  // so that the next click asks again
    throw error;
  }
}

async function explanationOf(item) {
  const { predictions: [prediction] } = await ask([item], { top_k: SCORES, explain: true });
  if (prediction.error) throw new Error(prediction.error.message);
  if (!prediction.explanation) throw new Error("The server timed out; try again.");
  return prediction.explanation;
}

/** Return a list of the words behind the score, and colour them in the headline. */
async function whyOf(row, isOpen) {
  let words;
  try {
    words = await noticeableWords(row);
  } catch (error) {
    return make("p", { className: "note problem" }, `No explanation. ${error.message}`);
  }
  if (isOpen()) colour(row, words);
  const { label } = row.answer;
  const lists = [
    wordList(`Evidence for ${label}`, words.filter((word) => word.contribution > 0)),
    wordList(`Evidence against ${label}`, words.filter((word) => word.contribution < 0)),
  ].filter(Boolean);
  const hint = lists.length
    ? "In percentage points: how much lower, or higher, the score is without the word."
    : `No single word decides: without any one of them, the score for ${label} stays the same.`;
  return make("div", {}, ...lists, make("p", { className: "note" }, hint));
}

function wordList(name, words) {
  if (!words.length) return null;
  const strongest = [...words].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, 6);
  const signed = (value) => `${value > 0 ? "+" : "−"}${Math.abs(value * 100).toFixed(1)}`;
  const listed = strongest.flatMap(({ word, contribution }) => [make("bdi", {}, word), ` ${signed(contribution)}, `]);
  listed[listed.length - 1] = listed.at(-1).replace(/, $/, ". ");
  return make("p", {}, make("strong", {}, `${name}: `), ...listed);
}

/** Mark these words in the headline. Their positions are in code points, a string's in UTF-16 units. */
function colour(row, words) {
  const points = Array.from(row.text);
  const strongest = Math.max(.1, ...words.map(({ contribution }) => Math.abs(contribution)));
  const pieces = [];
  let reached = 0;
  for (const { start: from, end, contribution } of [...words].sort((a, b) => a.start - b.start)) {
    const word = make("mark", { className: contribution > 0 ? "for" : "against" }, points.slice(from, end).join(""));
    word.style.setProperty("--weight", Math.abs(contribution) / strongest);
    pieces.push(points.slice(reached, from).join(""), word);
    reached = end;
  }
  row.parts.headline.style.setProperty("--reason", toneOf(POSITIONS.get(row.answer.label)));
  row.parts.headline.replaceChildren(...pieces, points.slice(reached).join(""));
}
