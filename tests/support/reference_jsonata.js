// Evaluates JSONata: reads [[expression, $states], …] from stdin and writes the values as JSON, null for none.
const jsonata = require("jsonata");
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
Promise.all(cases.map(([text, states]) => jsonata(text).evaluate(null, { states }))).then((values) =>
  process.stdout.write(JSON.stringify(values.map((value) => (value === undefined ? null : value)))),
);
