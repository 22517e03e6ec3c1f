// What a chart shows: from the points of runs and the settings to lines, bands, marks and limits.
import { axisFor } from "./chart-axes.js";
import { SMOOTHINGS, between, extent, joined, leveled, rising, soFar, spread, usual } from "./curve-math.js";

export const OF_MEANS = ["n", "sd", "sem", "min", "max"];
const LINES = ["none", "line"]; // bands that are not of several runs
const GRID = 300; // places at which several runs are put together

function horizontal(one, kind) {
  if (one.n) return kind === "step" ? one.step : one.x; // the server has put runs together along x
  if (kind === "step") return one.step;
  if (kind === "time") return one.time;
  if (kind === "relative") {
    const [start] = extent([one.time]);
    return one.time.map((time) => (time - start) / 1000);
  }
  return one.x.length ? one.x : new Float64Array(one.step.length).fill(NaN);
}

const picked = (values, order) => Float64Array.from(order, (at) => values[at]);

function lineOf(one, settings, look) {
  const all = horizontal(one, settings.x);
  // clocks go back and forth, and lines do not; a metric does: there the line follows the steps
  const order = (settings.x === "relative" || settings.x === "time") && all.some((x, at) => x < all[at - 1]) ? rising(all) : null;
  const line = { id: one.run, look, xs: order ? picked(all, order) : all };
  for (const name of ["step", "time", "value", "gap", ...(one.n ? OF_MEANS : [])]) line[name] = order ? picked(one[name], order) : one[name];
  const basis = settings.sofar === "none" || one.n ? line.value : soFar(line.value, settings.sofar);
  line.basis = basis;
  const smooth = settings.smooth !== "none";
  if (smooth || !LINES.includes(settings.band)) {
    const even = settings.sofar === "none" && !one.n ? leveled(basis, line.gap) : basis;
    let reached = -1;
    line.smoothed = smooth ? SMOOTHINGS[settings.smooth](even, settings.span, line.gap.map((gap) => (reached += gap))) : null;
    line.level = line.smoothed ?? even; // what bands are of
  }
  line.thinned = line.gap.some((gap) => gap > 1);
  line.ys = line.smoothed ?? basis;
  if (one.n) surround(line, settings.band);
  return line;
}

// The spread of the runs around their mean.
function surround(line, band) {
  if (band === "minmax") [line.low, line.high] = [line.min, line.max];
  else if (band === "sd" || band === "sem") [line.low, line.high] = [-1, 1].map((side) => line.ys.map((mean, at) => mean + side * line[band][at]));
}

// The least and greatest of the points beside each: of a thinned series, what its stretch held.
function surroundings(line) {
  const pick = (least) => line.basis.map((value, at) => extent([line.basis.slice(Math.max(0, at - 1), at + 2)])[least ? 0 : 1]);
  return { id: line.id, look: line.look, xs: line.xs, low: pick(true), high: pick(false) };
}

// Several runs as one line with a band: all of them, or those of a colour.
function together(lines, settings, groups, valueOf) {
  const sets = new Map();
  for (const line of lines) {
    const name = groups ? (valueOf(line.id) ?? "–") : "";
    sets.set(name, [...(sets.get(name) ?? []), line]);
  }
  const [low, high] = extent(lines.map((line) => line.xs));
  const exact = [...new Set(lines.flatMap((line) => [...line.xs]))].filter(Number.isFinite);
  const whole = settings.x === "step" ? Math.round : (x) => x;
  const xs = exact.length <= GRID ? Float64Array.from(exact).sort() : Float64Array.from({ length: GRID + 1 }, (_, at) => whole(low + ((high - low) * at) / GRID));
  return [...sets].map(([name, some]) => {
    const interpolated = some.map((line) => {
      const order = rising(line.xs).filter((at) => Number.isFinite(line.xs[at]) && Number.isFinite(line.level[at]));
      return between(picked(line.xs, order), picked(line.level, order), xs);
    });
    const { n, mean, sd, min, max } = spread(interpolated, xs.length);
    const error = settings.band === "sem" ? sd.map((value, at) => value / Math.sqrt(n[at])) : sd;
    const [bottom, top] = settings.band === "minmax" ? [min, max] : [mean.map((value, at) => value - error[at]), mean.map((value, at) => value + error[at])];
    const label = `mean of ${some.length}${name ? ` (${name})` : ""}`;
    const line = { id: null, label, look: some[0].look, xs, step: xs, ys: mean, basis: mean, value: mean, n, low: bottom, high: top };
    return { line, band: { id: null, look: line.look, xs, low: bottom, high: top } };
  });
}

const padded = ([low, high]) => {
  if (!(low <= high)) return [0, 1];
  const flat = high - low <= 1e-13 * Math.max(Math.abs(low), Math.abs(high)); // but for how doubles are rounded
  const room = flat ? Math.abs(high) * 0.1 || 0.5 : (high - low) * 0.05;
  return [low - room, high + room];
};

// Of values, those between two places; the same values where that is all of them.
function within({ xs, ys }, [from, to], values = ys) {
  return xs.every((x) => x >= from && x <= to) ? values : values.filter((_, at) => xs[at] >= from && xs[at] <= to);
}

function limits(axis, values, typed = [null, null]) {
  const ends = extent([axis.shown === Number.isFinite ? values : values.filter(axis.shown)]);
  const [low, high] = padded(ends.map(axis.to));
  return [typed[0] !== null && axis.shown(typed[0]) ? axis.to(typed[0]) : low, typed[1] !== null && axis.shown(typed[1]) ? axis.to(typed[1]) : high];
}

// How many points in sight are above or below what is drawn.
function outsideOf({ y, yr: [bottom, top] }, lines, seen) {
  const isOutside = (value) => y.shown(value) && (y.to(value) < bottom || y.to(value) > top);
  return lines.reduce((sum, line) => sum + within(line, seen, line.basis).filter(isOutside).length, 0);
}

function flawsOf(lines, settings) {
  const found = [];
  for (const { id, look, xs, value } of lines) {
    value.forEach((number, at) => {
      if (Number.isFinite(number) && (number > 0 || !settings.ylog)) return;
      const kind = Number.isNaN(number) ? "NaN" : number === Infinity ? "Infinity" : number === -Infinity ? "−Infinity" : settings.ylog && number <= 0 ? "0 or less" : null;
      if (kind && Number.isFinite(xs[at])) found.push({ id, look, x: xs[at], kind });
    });
  }
  return found;
}

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function notesOf(view, settings, lines) {
  const notes = [];
  const kinds = new Map();
  for (const { kind } of view.flaws) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const low = kinds.get("0 or less");
  kinds.delete("0 or less");
  if (kinds.size) notes.push(`${[...kinds].map(([kind, count]) => `${count.toLocaleString("en")} ${kind}`).join(", ")}: marked at the edge`);
  if (low) notes.push(`${counted(low, "value")} of 0 or less: not on a logarithmic axis, marked below`);
  const away = lines.reduce((sum, line) => sum + line.xs.filter((x) => !view.x.shown(x)).length, 0);
  if (away) notes.push(settings.x.startsWith("metrics.") ? `${counted(away, "point")} without a value of ${settings.x.slice(8)}${settings.xlog ? " above 0" : ""}` : `${counted(away, "point")} at 0 or before, not on a logarithmic axis`);
  if (view.outside) notes.push(`${counted(view.outside, "point")} outside of the range of y`);
  if (view.banded && settings.band === "line") notes.push("bands: least and greatest of what a place stands for");
  return notes;
}

// `series`: as `merged` gives them, of the runs that are to be drawn; `lookOf(run)`, `valueOf(run)`: its look and its group.
export function viewOf(series, state, lookOf) {
  const settings = { ...state.settings, band: state.band };
  const lines = series.map((one) => lineOf(one, settings, lookOf(one.run, one.look)));
  const view = { lines, bands: [], events: [], single: lines.every((line) => line.value.length <= 1) && lines.some((line) => line.value.length) };
  const xs = extent(lines.map((line) => (settings.xlog ? line.xs.filter((x) => x > 0) : line.xs)));
  view.x = axisFor(settings.x, settings.xlog, xs);
  view.whole = xs;
  const zoom = settings.zoom?.every(view.x.shown) ? settings.zoom : xs;
  view.xr = zoom.map(view.x.to);
  if (!(view.xr[0] < view.xr[1])) view.xr = padded(view.xr);
  const seen = view.xr.map(view.x.from);
  if (lines.some((line) => line.n)) view.bands = lines.filter((line) => line.low);
  else if (settings.band === "line") view.bands = lines.filter((line) => line.thinned).map(surroundings);
  else if (settings.band !== "none") {
    const groups = state.groups();
    const made = together(lines, settings, groups, (id) => state.runs.get(id)?.values?.[settings.colour]);
    view.means = made.map(({ line }) => line);
    view.bands = made.map(({ band }) => band);
  }
  view.banded = view.bands.length > 0;
  const values = joined([
    ...lines.flatMap((line) => [within(line, seen), ...(line.smoothed ? [within(line, seen, line.basis)] : [])]),
    ...view.bands.flatMap((band) => [within(band, seen, band.low), within(band, seen, band.high)]),
  ]);
  view.y = axisFor("value", settings.ylog, extent([values]));
  view.yr = limits(view.y, settings.outliers ? usual(values.filter(view.y.shown)) : values, settings.range);
  if (!(view.yr[0] < view.yr[1])) view.yr = padded(view.yr.toSorted((a, b) => a - b));
  view.outside = settings.outliers || settings.range.some((end) => end !== null) ? outsideOf(view, lines, seen) : 0;
  view.flaws = flawsOf(lines, settings).filter(({ x }) => x >= seen[0] && x <= seen[1]);
  for (const line of lines) {
    for (const { step, name } of state.runs.get(line.id)?.events ?? []) {
      const at = line.step.findIndex((place) => place >= step);
      const x = settings.x === "step" ? step : line.xs[at];
      if (x >= seen[0] && x <= seen[1]) view.events.push({ id: line.id, look: line.look, x, step, name });
    }
  }
  view.notes = view.single ? [] : notesOf(view, settings, lines); // bars say what they are
  return view;
}
