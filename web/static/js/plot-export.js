// What a plot gives away: a picture as PNG or SVG, its values as CSV or as a table.
import { cell, fileName, save } from "./chart-export.js";
import { make } from "./elements.js";
import { theme } from "./plot-colours.js";

const MOST_ROWS = 500;

export function svg({ library, drawn, size, name }) {
  const chart = library.init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption({ ...drawn.option, backgroundColor: theme().ground });
  save(chart.renderToSVGString(), "image/svg+xml", fileName(name, "svg"));
  chart.dispose();
}

export function png({ library, drawn, size, name }) {
  const canvas = document.createElement("canvas");
  const chart = library.init(canvas, null, { renderer: "canvas", devicePixelRatio: 2, ...size });
  chart.setOption({ ...drawn.option, backgroundColor: theme().ground });
  chart.getZr().flush();
  canvas.toBlob((blob) => {
    save(blob, "image/png", fileName(name, "png"));
    chart.dispose();
  });
}

export function csv({ drawn, name }) {
  const rows = drawn.rows(Infinity);
  const named = rows.some(({ id }) => id);
  const lines = [[...(named ? ["run_id"] : []), ...drawn.head], ...rows.map(({ id, cells }) => [...(named ? [id] : []), ...cells])];
  save(lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n", "text/csv", fileName(name, "csv"));
}

// A table of the values; `address` is that of a run's page. A group whose range is known has a button: `isChosen(row)` says whether
// the table of runs is filtered by it, `choose(row)` does that.
export function table(drawn, name, address, { isChosen, choose }) {
  const element = make("table", { className: "grid" });
  const count = drawn.count.toLocaleString("en");
  element.append(make("caption", { textContent: `${name}: ${drawn.count > MOST_ROWS ? `the first ${MOST_ROWS} of ${count} rows` : `${count} row${drawn.count === 1 ? "" : "s"}`}` }));
  const head = element.createTHead().insertRow();
  for (const text of drawn.head) head.append(make("th", { textContent: text, scope: "col" }));
  const body = element.createTBody();
  const button = (place, text) => {
    const made = make("button", { type: "button", className: "plain", title: "Filter the table of runs by it", textContent: text });
    made.setAttribute("aria-pressed", String(isChosen(place)));
    made.addEventListener("click", () => choose(place));
    return made;
  };
  for (const [place, { id, cells }] of drawn.rows(MOST_ROWS).entries()) {
    const row = body.insertRow();
    const first = (text) => (id ? make("a", { href: address + id, textContent: text }) : drawn.ranges?.[place] ? button(place, text) : String(text));
    for (const [at, text] of cells.entries()) row.append(make("td", { className: at ? "n" : "" }, at ? String(text) : first(text)));
  }
  return make("div", { className: "box tall chart-data", tabIndex: 0 }, element);
}
