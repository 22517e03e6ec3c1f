// What the charts of a page share: their settings, the zoom, the runs and their looks. All of it is in the page's address.
//
// Settings (`state.settings`), with their names in the address (src/runyard/ui/parts/chart_runs.py lists them for links):
//   x        step, relative, time or metrics.KEY         xlog, ylog  true for logarithmic axes (`xlog=1`, `y=log`)
//   smooth   none, ema, gaussian or median, and span     (`smooth=ema:20`, in logged points)
//   outliers true to leave them out of sight             (`outliers=hide`)
//   range    [low, high] of y, null where it is free     (`range=0:1`)
//   band     none, line, minmax, sd or sem               sofar       none, min or max
//            (null where the address says none: `state.band` is what is drawn)
//   zoom     [from, to] of x, or null                    (`zoom=100:200`; times in ms since the epoch, UTC)
//   hidden   ids of runs that are not drawn              (`hide=`, the first eight characters of each)
//   colour   run, params.KEY or tags.KEY
//
// Events of `state`: `change` (detail: the names that changed), `runs` (other names or marks), `highlight` (detail: a run's id or null),
// `hover` (detail: {x, chart}).
import { colour, looks } from "./looks.js";

const number = (text) => (text === "" || text === undefined || !Number.isFinite(Number(text)) ? null : Number(text));
const pair = (text) => (text?.includes(":") ? text.split(":").slice(0, 2).map(number) : [null, null]);
const choice = (text, allowed) => (allowed.includes(text) ? text : allowed[0]);

export const SPANS = [2, 100000];
const DEFAULTS = { x: "step", xlog: false, ylog: false, smooth: "none", span: 20, outliers: false, range: [null, null], band: null, sofar: "none", zoom: null, colour: "run" };

function smoothing(text) {
  const [kind, span] = (text ?? "").split(":");
  const weight = number(kind); // links of earlier versions have the weight of an average
  if (weight > 0 && weight < 1) return { smooth: "ema", span: Math.max(2, Math.round(2 / (1 - weight) - 1)) };
  return { smooth: choice(kind, ["none", "ema", "gaussian", "median"]), span: Math.min(SPANS[1], Math.max(SPANS[0], number(span) ?? DEFAULTS.span)) };
}

function fromAddress(query) {
  const zoom = pair(query.get("zoom") ?? "");
  const x = query.get("x") ?? "";
  return {
    x: x.startsWith("metrics.") ? x : choice(x, ["step", "relative", "time"]),
    xlog: query.get("xlog") === "1",
    ylog: query.get("y") === "log",
    ...smoothing(query.get("smooth")),
    outliers: query.get("outliers") === "hide",
    range: pair(query.get("range") ?? ""),
    band: choice(query.get("band"), [null, "none", "line", "minmax", "sd", "sem"]),
    sofar: choice(query.get("sofar"), ["none", "min", "max"]),
    zoom: zoom[0] !== null && zoom[1] > zoom[0] ? zoom : null,
    colour: /^(params|tags)\./.test(query.get("colour") ?? "") ? query.get("colour") : "run",
  };
}

class ChartState extends EventTarget {
  constructor() {
    super();
    this.runs = new Map();
    this.means = []; // groups of runs whose means are drawn: [{id, look, runs}]
    this.charts = new Set();
    this.lit = null;
    this.readAddress();
  }

  // The settings of the page's address: at first, and where another view follows without a new page.
  readAddress() {
    const query = new URLSearchParams(location.search);
    this.settings = { ...DEFAULTS, ...fromAddress(query), hidden: new Set() };
    this.hide = (query.get("hide") ?? "").split(",").filter(Boolean);
    this.steps = null; // the zoom as steps, until a chart can say what that is on its new x
  }

  // `entries`: [{id, name, short, look, values: {"params.lr": "0.1"}, events: [{step, name}]}], in the order of the legend.
  setRuns(entries) {
    this.runs = new Map(entries.map((entry) => [entry.id, entry]));
    for (const id of this.runs.keys()) if (this.hide.some((start) => id.startsWith(start))) this.settings.hidden.add(id);
    this.hide = [];
    this.tell("runs");
  }

  // The band that is drawn: of means, their deviation where nothing else was chosen.
  get band() {
    return this.settings.band ?? (this.means.length ? "sd" : "none");
  }

  // Change settings; the zoom goes along to another x.
  set(changes) {
    if ("x" in changes && changes.x !== this.settings.x) {
      const [zoom, chart] = [this.settings.zoom, [...this.charts].find((one) => one.isDrawn)];
      this.steps = zoom && chart ? chart.stepsWithin(zoom) : null;
      changes = { zoom: null, ...changes };
    }
    Object.assign(this.settings, changes);
    if (this.settings.zoom) this.steps = null;
    this.write();
    this.tell("change", Object.keys(changes));
  }

  show(id, shown) {
    const hidden = new Set(this.settings.hidden);
    if (shown) hidden.delete(id);
    else hidden.add(id);
    this.set({ hidden });
  }

  // Draw one run alone; all of them, where it is alone already.
  solo(id) {
    const others = [...this.runs.keys()].filter((other) => other !== id);
    const alone = !this.settings.hidden.has(id) && others.every((other) => this.settings.hidden.has(other));
    this.set({ hidden: new Set(alone ? [] : others) });
  }

  highlight(id) {
    if (id === this.lit) return;
    this.lit = id;
    for (const element of document.querySelectorAll("[data-run]")) element.classList.toggle("lit", element.dataset.run === id);
    this.tell("highlight", id);
  }

  hover(x, chart) {
    this.tell("hover", { x, chart });
  }

  tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // What a param or tag of the runs is, in order; null where colours are those of runs.
  groups() {
    const key = this.settings.colour;
    if (key === "run") return null;
    const values = [...new Set([...this.runs.values()].map((run) => run.values?.[key]).filter((value) => value !== undefined))];
    const numeric = values.every((value) => value.trim() !== "" && !Number.isNaN(Number(value)));
    return values.sort(numeric ? (a, b) => a - b : (a, b) => (a < b ? -1 : 1));
  }

  // Colour, dash and marker of a run.
  look(id, number = this.runs.get(id)?.look ?? 0) {
    const groups = this.groups();
    if (!groups) return looks(number);
    const place = groups.indexOf(this.runs.get(id)?.values?.[this.settings.colour]);
    if (place < 0) return { ...looks(9), stroke: colour("var(--soft)") };
    if (groups.length <= 10) return looks(place);
    const share = Math.round((100 * place) / (groups.length - 1));
    return { ...looks(number), stroke: colour(`color-mix(in oklch, var(--run-1) ${share}%, var(--run-0))`) };
  }

  parameters() {
    const { x, xlog, ylog, smooth, span, outliers, range, band, sofar, zoom, hidden, colour: by } = this.settings;
    const text = ([low, high]) => `${low ?? ""}:${high ?? ""}`;
    return {
      x: x === "step" ? null : x,
      xlog: xlog ? "1" : null,
      y: ylog ? "log" : null,
      smooth: smooth === "none" ? null : `${smooth}:${span}`,
      outliers: outliers ? "hide" : null,
      range: range.some((end) => end !== null) ? text(range) : null,
      band: band === "none" && !this.means.length ? null : band,
      sofar: sofar === "none" ? null : sofar,
      zoom: zoom ? text(zoom) : null,
      hide: hidden.size ? [...hidden].map((id) => id.slice(0, 8)).join(",") : null,
      colour: by === "run" ? null : by,
    };
  }

  // Into the page's address, and those of links that lead to the same charts.
  write() {
    history.replaceState(history.state, "", this.applied(location.href));
    for (const link of document.querySelectorAll("a[data-chart-link][href]")) link.href = this.applied(link.href);
  }

  applied(href) {
    const address = new URL(href, location.href);
    const query = new URLSearchParams(address.search);
    for (const [name, value] of Object.entries(this.parameters())) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    if (query.toString() === new URLSearchParams(address.search).toString()) return href;
    address.search = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":").replaceAll("%2F", "/");
    return address.href;
  }
}

export const state = new ChartState();

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-chart-link][href]");
  if (link) link.href = state.applied(link.href);
}, true);
document.addEventListener("pointerover", (event) => {
  const row = event.target.closest?.("[data-run]");
  if (row || !event.target.closest?.("line-chart")) state.highlight(row?.dataset.run ?? null);
});
