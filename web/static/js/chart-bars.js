// A metric of one value is no curve: a number, or a bar for each run.
import { readable } from "./chart-axes.js";
import { state } from "./chart-state.js";
import { extent } from "./curve-math.js";
import { breakable, make } from "./elements.js";

const named = (id) => state.runs.get(id)?.short ?? state.runs.get(id)?.name ?? id;

// The greatest value first, what is no number last; `left` and `width` of bars in hundredths.
export function barsIn(view) {
  const rank = ({ value }) => (Number.isNaN(value) ? -Infinity : value);
  const rows = view.lines.map((line) => ({ line, value: line.value[0] })).sort((a, b) => (rank(a) === rank(b) ? Number.isNaN(a.value) - Number.isNaN(b.value) : rank(b) - rank(a)));
  const [low, high] = extent([rows.map(({ value }) => value), [0]]);
  const share = (part) => (Number.isFinite(part) && high > low ? (100 * part) / (high - low) : 0);
  return rows.map(({ line, value }) => {
    const sd = line.sd?.[0];
    const text = sd > 0 ? `${readable(value)} ± ${readable(Number(sd.toPrecision(2)))}` : readable(value);
    return { line, value, text, name: named(line.id), left: share(Math.min(value, 0) - low), width: share(Math.abs(value)) };
  });
}

export function barsOf(view) {
  const box = make("div", { className: "bars" });
  const rows = barsIn(view);
  for (const { line, value, text, name, left, width } of rows) {
    const row = box.appendChild(make("div", { className: rows.length > 1 ? "bar-row" : "one-value", title: `${value} at step ${line.step[0]}` }));
    row.dataset.run = line.id;
    if (rows.length > 1) {
      const bar = make("i");
      bar.style.background = line.look.stroke;
      bar.style.marginLeft = `${left}%`;
      bar.style.width = `max(2px, ${width}%)`;
      row.append(make("span", { className: "who" }, ...breakable(name)), make("span", { className: "track" }, bar));
    }
    row.append(make("b", { textContent: text }));
    if (rows.length === 1) row.append(make("span", { className: "soft", textContent: `${state.runs.size > 1 ? `${name}, ` : ""}at step ${line.step[0]}` }));
  }
  return box;
}
