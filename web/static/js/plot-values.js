// Values of runs as columns, as the server sends them, and the scales that they stand on in plots.
import { axisFor, instant, lasting, readable } from "./chart-axes.js";

const FRESH = 20000; // ms
const MOST_KEPT = 16;
const NONE_ROOM = 0.1; // of an axis, below it, for runs that have no place on it
const kept = new Map();

// What a column is called. A metric and a param may have one key.
export function titleOf(config, name) {
  const [, kind, key] = name.match(/^(metrics|params|tags)\.(.+)$/s) ?? [];
  if (!kind) return config.own[name] ?? name;
  const twice = kind !== "tags" && config.metrics.includes(key) && config.params.includes(key);
  return twice ? `${key} (${kind.slice(0, -1)})` : key;
}

class Column {
  constructor(config, { name, missing = [], numbers = [], texts = [], codes = [], others = 0 }, runs) {
    this.name = name;
    this.title = titleOf(config, name);
    this.kind = name === "start_time" ? "time" : name === "duration" ? "duration" : texts.length || others ? "text" : "number";
    this.texts = others ? [...texts, `${others.toLocaleString("en")} other${others === 1 ? "" : "s"}`] : texts;
    this.rare = others ? texts.length : -1;
    const [without, had] = [new Set(missing), this.kind === "text" ? codes.map((code) => (code < 0 ? texts.length : code)) : numbers.map(Number)];
    let next = 0;
    this.values = Array.from({ length: runs }, (_, at) => (without.has(at) ? null : had[next++]));
    if (this.kind === "duration") this.values = this.values.map((value) => (value === null ? null : value / 1000));
  }

  get isText() {
    return this.kind === "text";
  }

  // The value of a run, in full.
  text(at) {
    return this.written(this.values[at]);
  }

  written(value) {
    if (value === null || value === undefined) return "none";
    if (this.isText) return this.texts[value] || "(empty)";
    return this.kind === "time" ? instant(value) : this.kind === "duration" ? lasting(value) : String(value);
  }

  // The same, short.
  short(value) {
    return this.kind === "number" && value !== null ? readable(value) : this.written(value);
  }
}

// The answer for some columns: {ids, names, runs, more, columns: Map}.
async function ask(config, names, filter) {
  const query = new URLSearchParams([...names.map((name) => ["column", name]), ...(filter ? [["filter", filter]] : [])]);
  const answer = await fetch(`${config.values}&${query}`, { headers: { Accept: "application/json" } });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message ?? "The server did not answer.");
  const ids = found.run_ids;
  const columns = new Map(found.columns.map((each) => [each.name, new Column(config, each, ids.length)]));
  return { ids, names: found.run_names, runs: found.runs, more: found.more, columns };
}

export function valuesOf(config, names, filter) {
  const key = JSON.stringify([config.values, filter, names]);
  const known = kept.get(key);
  if (known && performance.now() - known.at < FRESH) return known.answer;
  kept.delete(key);
  const answer = ask(config, names, filter);
  kept.set(key, { answer, at: performance.now() });
  answer.catch(() => kept.delete(key));
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return answer;
}

export const forgetValues = () => kept.clear();

// Of how many runs the values are, in words.
export function sampleText({ ids, runs, more }) {
  const [some, all] = [ids.length.toLocaleString("en"), runs.toLocaleString("en")];
  if (ids.length < runs) return `A sample: ${some} of ${more ? `the newest ${all}` : all} matching runs, spread evenly, with the extremes.`;
  return more ? `The newest ${some} of the matching runs.` : `All ${some} matching runs.`;
}

const quiet = document.createElement("canvas").getContext("2d");
const widthOf = (text) => quiet.measureText(text).width + 14;
export const cut = (text, most) => (text.length > most ? `${text.slice(0, Math.ceil(most / 2) - 1)}…${text.slice(text.length - Math.floor(most / 2))}` : text);

// The ends of a part of an axis of numbers; an end beyond all values is none, but where all that have a value are meant.
function known(scale, from, to) {
  const { least, greatest, without } = scale;
  if (to < least || from > greatest || from >= to) return null;
  const ends = { from: from <= least ? null : scale.value(from), to: to >= greatest ? null : scale.value(to) };
  if (ends.from === null && ends.to === null) return without ? { from: scale.value(scale.low) } : null;
  return ends;
}

// Where the values of a column are on a straight axis; runs without a place have one below it.
export class Scale {
  constructor(column, log = false) {
    this.column = column;
    const numbers = column.values.filter((value) => value !== null);
    if (column.isText) {
      [this.low, this.high] = [-0.5, Math.max(column.texts.length, 1) - 0.5];
      this.axis = { to: (value) => value, from: (place) => place, shown: () => true };
    } else {
      const kind = { time: "time", duration: "relative", number: "step" }[column.kind];
      const finite = numbers.filter(Number.isFinite);
      let [low, high] = [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
      this.axis = axisFor(kind, log, finite.length ? [low, high] : [0, 1]);
      const places = finite.filter(this.axis.shown).map(this.axis.to);
      [low, high] = [places.reduce((a, b) => Math.min(a, b), Infinity), places.reduce((a, b) => Math.max(a, b), -Infinity)];
      if (!(low <= high)) [low, high] = [0, 1];
      const room = high > low ? (high - low) * 0.04 : Math.abs(high) * 0.1 || 0.5;
      [this.low, this.high] = [low - room, high + room];
    }
    this.log = log;
    this.places = column.values.map((value) => (value === null || !this.axis.shown(value) ? null : this.axis.to(value)));
    const known = this.places.filter((place) => place !== null);
    [this.least, this.greatest] = [known.reduce((a, b) => Math.min(a, b), Infinity), known.reduce((a, b) => Math.max(a, b), -Infinity)];
    this.without = this.places.filter((place) => place === null).length;
    const span = this.high - this.low;
    this.none = this.low - NONE_ROOM * span;
    this.start = this.without ? this.none - (NONE_ROOM / 2) * span : this.low;
  }

  // The place of a run, below the axis for those that have none on it.
  place(at) {
    return this.places[at] ?? this.none;
  }

  // [place, words] for a room in pixels; `most` characters of a text.
  ticks(room, most = 24, across = true) {
    const width = across ? widthOf : () => 22;
    const found = this.column.isText ? this.named(room, most, width) : this.least > this.greatest ? [] : this.axis.ticks(this.low, this.high, room, width);
    return this.without ? [[this.none, this.noneText], ...found] : found;
  }

  named(room, most, width) {
    const texts = this.column.texts.map((text) => cut(text || "(empty)", most));
    const widest = Math.max(1, ...texts.map(width));
    const every = Math.max(1, Math.ceil((texts.length * widest) / Math.max(room, widest)));
    return texts.map((text, at) => [at, text]).filter(([at]) => at % every === 0);
  }

  // Values without a place are there too: NaN and infinities, and 0 or less where the axis is logarithmic.
  get noneText() {
    const odd = this.column.values.some((value) => value !== null && !this.axis.shown(value));
    return odd ? `none, ${this.log ? "≤ 0" : "NaN"}` : "none";
  }

  // The range that part of the axis is, as filters have it; null where nothing is in it.
  range(from, to) {
    const { name, texts, rare } = this.column;
    const none = this.without > 0 && from <= this.none && to >= this.none && this.column.values.includes(null) && /^(metrics|params|tags)\./.test(name);
    if (this.column.isText) {
      const chosen = texts.filter((_, at) => at !== rare && at >= from && at <= to);
      return chosen.length || none ? { name, from: null, to: null, texts: chosen, none } : null;
    }
    const numbers = known(this, from, to);
    return numbers || none ? { name, from: null, to: null, ...numbers, texts: [], none } : null;
  }

  // A value near a place, with as many digits as tell it from its neighbours.
  value(place) {
    const value = this.axis.from(place) * (this.column.kind === "duration" ? 1000 : 1);
    if (this.column.kind !== "number") return Math.round(value);
    const [low, high] = [this.axis.from(this.low), this.axis.from(this.high)];
    const digits = this.log ? 4 : Math.min(15, Math.max(4, 4 + Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / (high - low) || 1))));
    return Number(value.toPrecision(digits));
  }

  // The part of the axis that a range is.
  part({ from, to, texts, none }) {
    const parts = [];
    if (this.column.isText) for (const text of texts) if (this.column.texts.includes(text)) parts.push([this.column.texts.indexOf(text) - 0.45, this.column.texts.indexOf(text) + 0.45]);
    const unit = this.column.kind === "duration" ? 1000 : 1;
    const to_ = (end, free) => (end === null ? free : this.axis.shown(end / unit) ? this.axis.to(end / unit) : free);
    if (!this.column.isText && (from !== null || to !== null)) parts.push([to_(from, this.low), to_(to, this.high)]);
    if (none && this.without) parts.push([this.none - 0.02 * (this.high - this.low), this.none + 0.02 * (this.high - this.low)]);
    return parts;
  }

  // Whether a run is within a range.
  holds(at, { from, to, texts, none }) {
    const value = this.column.values[at];
    if (value === null) return none;
    if (this.column.isText) return texts.includes(this.column.texts[value]);
    const unit = this.column.kind === "duration" ? 1000 : 1;
    if (from === null && to === null) return false;
    return (from === null || value * unit >= from) && (to === null || value * unit <= to);
  }
}
