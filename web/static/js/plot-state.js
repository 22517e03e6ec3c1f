// What plots over all runs of a view share: which plots stand there and of what, and which ranges are brushed. All of it is in
// the page's address, and so in saved views:
//
//   plots        a plot each, in order: its kind, then its parts behind `;` (`scatter;x=params.lr;y=metrics.loss;log=x`)
//   plots_brush  a range each: the column, then `from=`, `to=`, `text=` for each text, `none` (`params.lr;from=0.01;to=0.1`)
//   plots_base   the filter before the ranges were added to it
//
// A `%`, `;` or `=` within a part is percent-encoded once more.
const part = (text) => String(text).replace(/[%;=]/g, encodeURIComponent);
const whole = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const KINDS = {
  parallel: "Parallel coordinates",
  scatter: "Scatter",
  matters: "What matters",
  pareto: "Pareto front",
  contour: "Contour",
  box: "Box plot",
  bar: "Bars",
  hist: "Histogram",
};
const LISTS = ["axis", "log", "text"];
export const MOST_PLOTS = 12;

// {kind, x, y, …, axis: [], log: []} of a text, and back.
function parse(text) {
  const [kind, ...parts] = text.split(";");
  const found = { kind: whole(kind), axis: [], log: [], text: [] };
  for (const each of parts) {
    const at = each.indexOf("=");
    const [name, value] = at < 0 ? [each, ""] : [each.slice(0, at), whole(each.slice(at + 1))];
    if (LISTS.includes(name)) found[name].push(value);
    else if (/^[a-z]+$/.test(name) && name !== "kind") found[name] = value;
  }
  return found;
}

function written({ kind, ...parts }) {
  const texts = Object.entries(parts).flatMap(([name, value]) => [value].flat().filter((each) => each !== undefined && each !== null).map((each) => (each === "" && name !== "text" ? name : `${name}=${part(each)}`)));
  return [part(kind), ...texts].join(";");
}

export function readPlots() {
  return new URLSearchParams(location.search).getAll("plots").map(parse).filter((plot) => Object.hasOwn(KINDS, plot.kind)).slice(0, MOST_PLOTS);
}

function change(names) {
  const url = new URL(location.href);
  for (const [name, values] of Object.entries(names)) {
    url.searchParams.delete(name);
    for (const value of values) url.searchParams.append(name, value);
  }
  history.replaceState(history.state, "", url.pathname + url.search.replaceAll("%2C", ",").replaceAll("%3B", ";").replaceAll("%3D", "=") + url.hash);
}

export const writePlots = (plots) => change({ plots: plots.map(({ text, ...plot }) => written(plot)) });

const number = (text) => (text === undefined || text === "" || !Number.isFinite(Number(text)) ? null : Number(text));

// The ranges in the address: [{name, from, to, texts, none}].
function readBrushes() {
  return new URLSearchParams(location.search).getAll("plots_brush").map((text) => {
    const { kind: name, from, to, text: texts, none } = parse(text);
    return { name, from: number(from), to: number(to), texts, none: none !== undefined };
  });
}

const PLAIN = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}\p{N}_]+)*$/u;
const escaped = (text) => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
const valueText = (text) => (text.includes("'") ? (text.includes('"') ? escaped(text) : `"${text}"`) : `'${text}'`);

// A column as filters write it.
function keyText(name) {
  const [, kind, key] = name.match(/^(metrics|params|tags)\.(.+)$/s) ?? [];
  if (!kind) return name === "experiment_id" ? "experiment.id" : name;
  if (PLAIN.test(key)) return name;
  return `${kind}.${key.includes("`") ? (key.includes('"') ? escaped(key) : `"${key}"`) : `\`${key}\``}`;
}

const CUT = "…";

// The condition that a range is, in the search language; empty for one that leaves out nothing.
function condition({ name, from, to, texts, none }) {
  const [key, unit] = [keyText(name), name === "duration" ? "ms" : ""];
  const both = [from === null ? "" : `${key} >= ${from}${unit}`, to === null ? "" : `${key} <= ${to}${unit}`].filter(Boolean).join(" AND ");
  const whole = texts.filter((text) => !text.endsWith(CUT)).map(valueText);
  const begun = texts.filter((text) => text.endsWith(CUT)).map((text) => `${key} LIKE ${valueText(`${text.slice(0, -1)}%`)}`);
  const listed = whole.length > 1 ? `${key} IN (${whole.join(", ")})` : whole.length ? `${key} = ${whole[0]}` : "";
  const either = [both, listed, ...begun, none ? `${key} IS NULL` : ""].filter(Boolean);
  return either.length > 1 ? `(${either.join(" OR ")})` : (either[0] ?? "");
}

// The filter that a base and ranges make.
export function withRanges(base, brushes) {
  const before = base.trim();
  const conditions = brushes.map(condition).filter(Boolean);
  if (!conditions.length) return before;
  return [before && (/\bor\b/i.test(before) ? `(${before})` : before), ...conditions].filter(Boolean).join(" AND ");
}

// What the filter of the table was before the ranges of the address were added, and these; none where it was changed by hand.
export function brushed(filter) {
  const [brushes, base] = [readBrushes(), new URLSearchParams(location.search).get("plots_base") ?? ""];
  return brushes.length && withRanges(base, brushes) === filter.trim() ? { base, brushes } : { base: filter, brushes: [] };
}

// Filter the table by ranges: what the plots showed before stays their ground. The form names the ranges itself, as the address of
// what is shown now keeps its own, for the way back.
export function filterByRanges(base, brushes) {
  const ranges = brushes.filter(condition);
  const box = document.getElementById("filter");
  const { form } = box;
  const named = ranges.map(({ name, from, to, texts, none }) => ["plots_brush", written({ kind: name, from: from ?? undefined, to: to ?? undefined, text: texts, none: none ? "" : undefined })]);
  if (ranges.length && base) named.push(["plots_base", base]);
  for (const field of form.querySelectorAll("[name^=plots_]")) field.remove();
  for (const [name, value] of named) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  form.dataset.sets = "plots_brush plots_base";
  box.value = withRanges(base, ranges);
  form.requestSubmit();
}

// The filter was changed by hand: its ranges are no more.
export function forgetRanges(filter) {
  const query = new URLSearchParams(location.search);
  if ((query.has("plots_brush") || query.has("plots_base")) && !brushed(filter).brushes.length) change({ plots_brush: [], plots_base: [] });
}
