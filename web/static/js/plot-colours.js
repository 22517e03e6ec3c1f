// Colours and signs of runs in plots: by the value of a column, or all alike.
import { colour } from "./looks.js";
import { Scale } from "./plot-values.js";

const STEPS = 24;
export const MOST_SIGNS = 10;
// One sign a colour, so that colour alone never tells two values apart. As ECharts names them.
const SIGNS = ["circle", "rect", "triangle", "diamond", "path://M0 0L10 0L5 10Z", "emptyCircle", "emptyRect", "emptyTriangle", "emptyDiamond", "path://M4 0H6V4H10V6H6V10H4V6H0V4H4Z"];

export const theme = () => ({
  text: colour("--text"),
  soft: colour("--soft"),
  line: colour("--line"),
  edge: colour("--edge"),
  ground: colour("--raised"),
  accent: colour("--run-0"),
  second: colour("--run-1"),
  font: getComputedStyle(document.body).fontFamily,
});

export const along = (share) => colour(`color-mix(in oklch, var(--run-1) ${Math.round((Math.round(share * STEPS) / STEPS) * 100)}%, var(--run-0))`);

// {of(at): colour, sign(at), legend}: by a column of the values, or all alike without one.
export function paintOf(values, name, log = false) {
  const column = values.columns.get(name);
  const { accent, soft } = theme();
  if (!column) return { of: () => accent, sign: () => "circle", legend: null };
  const scale = new Scale(column, log);
  if (!column.isText) {
    const span = scale.high - scale.low;
    const share = (place) => Math.min(1, Math.max(0, (place - scale.low) / span));
    return {
      of: (at) => (scale.places[at] === null ? soft : along(share(scale.places[at]))),
      sign: (at) => (scale.places[at] === null ? "emptyCircle" : "circle"),
      legend: { title: column.title, ends: ends(column, scale), without: scale.without },
    };
  }
  const sizes = new Map();
  for (const value of column.values) if (value !== null) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  const most = [...sizes.keys()].sort((a, b) => sizes.get(b) - sizes.get(a)).slice(0, MOST_SIGNS).sort((a, b) => a - b);
  const looks = new Map(most.map((value, at) => [value, { colour: colour(`--run-${at}`), sign: SIGNS[at] }]));
  return {
    of: (at) => looks.get(column.values[at])?.colour ?? soft,
    sign: (at) => looks.get(column.values[at])?.sign ?? "emptyCircle",
    legend: { title: column.title, entries: most.map((value) => ({ text: column.written(value), ...looks.get(value) })), rest: sizes.size > most.length, without: scale.without },
  };
}

function ends(column, scale) {
  const known = column.values.filter((_, at) => scale.places[at] !== null);
  const [low, high] = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
  return low <= high ? [column.short(low), column.short(high)] : ["none", "none"];
}
