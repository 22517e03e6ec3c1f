// What a bar, a box or a bin of a plot stands for: a range of its column, by which the table of runs is filtered.
import { make } from "./elements.js";
import { titleOf } from "./plot-values.js";

const KEYED = /^(metrics|params|tags)\./;
const MOST_TEXTS = 40;
const ranged = (name, parts) => ({ name, from: null, to: null, texts: [], none: false, ...parts });

// The column that plots of a kind have their groups by; none for others.
export const columnOf = (plot) => ({ box: plot.by, bar: plot.by, hist: plot.x })[plot.kind];

// The range that has these runs in it, of a group of their column's values; null where no filter says that.
export function rangeOf(column, runs) {
  const values = runs.map((at) => column.values[at]);
  if (!values.length) return null;
  if (values[0] === null) return KEYED.test(column.name) ? ranged(column.name, { none: true }) : null;
  if (column.isText) {
    const codes = [...new Set(values)];
    return codes.includes(column.rare) || codes.length > MOST_TEXTS ? null : ranged(column.name, { texts: codes.map((code) => column.texts[code]) });
  }
  if (!values.every(Number.isFinite)) return null;
  const whole = (value) => (column.kind === "duration" ? Math.round(value * 1000) : value);
  const [from, to] = [Math.min, Math.max].map((pick) => whole(values.reduce((a, b) => pick(a, b))));
  return ranged(column.name, { from, to });
}

const told = ({ name, from, to, texts, none }) => JSON.stringify([name, from, to, [...texts].sort(), none]);
export const same = (one, other) => told(one) === told(other);

// Whether all of a group is within the ranges of its column.
const within = (range, { from, to, texts, none }) =>
  range.none ? none : range.texts.length ? range.texts.every((text) => texts.includes(text)) : (from !== null || to !== null) && (from === null || range.from >= from) && (to === null || range.to <= to);

// Which groups stand out: all where none is chosen.
export const chosenOf = (ranges, brushes) => ranges.map((range) => !brushes.length || (range !== null && brushes.some((brush) => within(range, brush))));

// A button for each range of the column, which takes it back.
export function chips(config, brushes, clear) {
  const row = make("div", { className: "row plot-chips" });
  for (const brush of brushes) {
    const parts = [...brush.texts.map((text) => text || "(empty)"), ...(brush.none ? ["none"] : [])];
    const numbers = brush.from === brush.to ? brush.from : `${brush.from ?? "…"} to ${brush.to ?? "…"}`;
    if (brush.from !== null || brush.to !== null) parts.unshift(numbers);
    const text = parts.join(", ");
    const button = make("button", { type: "button", className: "button", name: "clear-choice", textContent: `${titleOf(config, brush.name)}: ${text.length > 40 ? `${text.slice(0, 39)}…` : text} ×`, title: "Filter the table by it no more" });
    button.addEventListener("click", () => clear(brush));
    row.append(button);
  }
  return row;
}
