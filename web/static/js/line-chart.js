// <line-chart source>: one metric of one or more runs, drawn by uPlot's axes and own lines once it comes into view.
//
// Attributes
//   source   address of the points, /ui/metrics?key=KEY&runs=ID,ID; another one loads other runs. Without runs they are those of
//            `data-of` of what it is in; without that too it draws the means of the groups of `state.means`.
//   tall     a chart of its own page; `height` of CSS sets any other
//   data-drawn (set here)  how many points are drawn, once they are
// What the charts of a page share is in chart-state.js: `state.setRuns([...])` names the runs, <chart-legend data-runs> does it;
// `state.set({...})` changes settings, <chart-settings> does that. Redrawing asks the server for nothing but closer points of a
// zoom, and another metric as x.
// Events (bubble): `chart-drawn`. Methods: `refresh()` asks for new points and keeps the zoom; `goOn(state)`; `stepsWithin([from, to])`.
// Keys: + and − zoom, ← and → move, 0 or Escape shows all; double click too.
import { exactX, readable } from "./chart-axes.js";
import { barsOf } from "./chart-bars.js";
import { paint, scales, shapesOf } from "./chart-paint.js";
import { state } from "./chart-state.js";
import { viewOf } from "./chart-view.js";
import { between, extent, rising } from "./curve-math.js";
import { continued, fetchCurves, merged } from "./curves.js";
import { menuOf } from "./chart-menu.js";
import { make } from "./elements.js";
import { colour } from "./looks.js";

const CLOSER_MS = 120;
const NEAR = 200; // pixels around the window in which charts are loaded
const NARROW = 320; // pixels in which a number and a name have no room beside each other
const RIGHT = 14; // pixels right of the lines
const POINTS = 12000; // of all runs of a chart
const MEANS = 3600; // places of all groups of a chart
const AHEAD = 1.25; // times as many points as were asked for ahead, where a chart is wide, are asked for again

let font = "";
const FONT = () => (font ||= `11px ${getComputedStyle(document.documentElement).getPropertyValue("--font").trim()}`);

let pen = null;
function widthOf(text) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = FONT();
  return Math.max(...text.split("\n").map((line) => pen.measureText(line).width));
}

export const nameOf = (id) => state.runs.get(id)?.name ?? id;

class LineChart extends HTMLElement {
  static observedAttributes = ["source"];

  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.whole = null; // all of the series, thinned
    this.closeup = null; // a part of them, closer: {series, range}
    this.setAttribute("role", "group");
    this.tabIndex = 0;
    this.room = this.appendChild(make("div", { className: "room" }));
    this.message = this.appendChild(make("span", { className: "state", hidden: true }));
    this.note = this.appendChild(make("p", { className: "chart-note", hidden: true }));
    this.summary = this.appendChild(make("p", { className: "unseen" }));
    this.tip = this.room.appendChild(make("div", { className: "tip", hidden: true }));
    this.append(menuOf(this));
    this.lead();
    state.charts.add(this);
    this.seen = new IntersectionObserver((entries) => this.sight(entries.at(-1).isIntersecting), { rootMargin: `${NEAR}px` });
    this.seen.observe(this);
    this.sized = new ResizeObserver(() => this.resized());
    this.ending = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, act, { signal: this.ending.signal });
    on(document, "themechange", () => this.redraw());
    on(state, "change", ({ detail }) => this.changed(detail));
    on(state, "runs", () => this.redraw());
    on(state, "highlight", () => this.plot?.redraw(false));
    on(state, "hover", ({ detail }) => detail.chart !== this && this.follow(detail.x));
    on(this, "keydown", (event) => this.pressed(event));
    on(this.room, "pointerleave", () => this.left());
    const { top, bottom } = this.getBoundingClientRect();
    if (bottom > -NEAR && top < innerHeight + NEAR) queueMicrotask(() => this.isConnected && this.sight(true)); // the observer waits for the first picture of the page
  }

  disconnectedCallback() {
    state.charts.delete(this);
    this.ending?.abort();
    this.asking?.abort();
    this.seen?.disconnect();
    this.sized?.disconnect();
    this.plot?.destroy();
    this.plot = null;
    this.table?.remove();
  }

  attributeChangedCallback(_, before) {
    if (!this.ready || before === null) return;
    this.whole = this.closeup = null;
    if (this.inSight) this.load();
  }

  sight(inSight) {
    this.inSight = inSight;
    if (!inSight) return;
    this.sized.observe(this.room);
    if (!this.whole && !this.loading) this.load();
    else if (this.stale) this.redraw();
  }

  get isDrawn() {
    return this.whole !== null;
  }

  size() {
    return { width: Math.max(120, this.room.clientWidth), height: Math.max(80, this.room.clientHeight) };
  }

  resized() {
    const { width, height } = this.size();
    if (this.plot && (this.plot.width !== width || this.plot.height !== height)) this.plot.setSize({ width, height });
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  // The ids of runs that stand once for all charts.
  get of() {
    const ids = this.closest("[data-of]")?.dataset.of;
    return ids ? `runs=${encodeURIComponent(ids)}` : "";
  }

  // Its source with the runs.
  get address() {
    const source = this.getAttribute("source");
    return this.of && !source.includes("runs=") ? `${source}&${this.of}` : source;
  }

  // Whether it draws means of groups.
  get ofGroups() {
    return !this.address.includes("runs=");
  }

  // The link above it leads to the page of the metric.
  lead() {
    const [link, { metric } = {}] = [this.parentElement?.querySelector("a[data-chart-link]:not([href])"), this.closest("[data-metric]")?.dataset];
    if (link && metric) link.href = state.applied(`${metric}?key=${encodeURIComponent(link.title)}&${this.of}`);
  }

  // What its points are asked for by: with other settings they are others.
  basis() {
    return this.ofGroups ? `${state.settings.x} ${state.settings.sofar}` : this.by();
  }

  // The address by which the page has asked for the points already, if it has and they are not taken yet.
  ahead() {
    if (this.whole || this.ofGroups || this.by()) return null;
    const query = (address) => new URL(address, location.href).searchParams;
    const own = query(this.address);
    const same = ({ href, media }) => matchMedia(media).matches && ["key", "runs"].every((name) => query(href).get(name) === own.get(name));
    const link = [...document.querySelectorAll("link[as=fetch]:not([data-taken])")].find(same);
    if (!link) return null;
    link.dataset.taken = "";
    return link.href;
  }

  async ask(question, signal) {
    const source = this.address;
    if (!this.ofGroups) return fetchCurves(source, { ...question, by: this.by() }, signal);
    const { x, sofar } = state.settings;
    const { fetchMeans } = await import("./mean-curves.js");
    return fetchMeans(new URL(source, location.href).searchParams.get("key"), state.means, { ...question, x, best: sofar }, signal);
  }

  // Another metric as x, or "".
  by() {
    const { x } = state.settings;
    return x.startsWith("metrics.") ? x.slice("metrics.".length) : "";
  }

  // All of the series, and closer points where one has zoomed. A later question ends an earlier one.
  async load() {
    const asked = (this.loading = this.asked());
    this.outdated = false;
    const waiting = setTimeout(() => !this.plot && this.say("Loading…"), 200);
    try {
      const [basis, range] = [this.basis(), this.whole ? this.closer() : state.settings.zoom && state.settings.x === "step" ? this.around(state.settings.zoom) : null];
      const ahead = this.ahead();
      const [whole, part] = await Promise.all([
        ahead ? fetchCurves(ahead, {}, asked.signal) : this.ask({ max: this.most(0) }, asked.signal),
        ...(range ? [this.ask({ start: range[0], end: range[1], max: this.most(1) }, asked.signal)] : []),
      ]);
      if (asked.signal.aborted) return;
      this.whole = whole.series;
      this.loadedBy = basis;
      this.closeup = part ? { series: part.series, range } : null;
      this.say("");
      this.redraw();
      if (ahead && this.isRough()) setTimeout(() => this.isConnected && this.load());
      else if (!range) this.look();
    } catch (problem) {
      if (problem.name !== "AbortError" && !this.plot) this.say(`Not loaded: ${problem.message}`);
    } finally {
      clearTimeout(waiting);
      if (this.loading === asked) {
        this.loading = null;
        if (this.outdated) this.load();
      }
    }
  }

  asked() {
    this.asking?.abort();
    clearTimeout(this.pause);
    return (this.asking = new AbortController());
  }

  // What is on its way may have been read before the newest points were there: it is shown, and then asked for again.
  refresh() {
    if (this.whole) this.load();
    else this.outdated = this.loading !== null && this.loading !== undefined;
  }

  // To the latest point of each run, as the page has it (`state` of src/runyard/ui/parts/charts.py): what lies between is
  // there once the chart is asked for again.
  goOn(latest = "") {
    if (!this.whole || this.ofGroups || this.by() || !latest.includes(" ")) return;
    const points = latest.split(",").map((text) => text.split(" ").map((part) => Number(part.replace("inf", "Infinity"))));
    this.whole = this.whole.map((series, at) => continued(series, points[at] ?? []));
    this.redraw();
  }

  changed(names) {
    if (!this.whole) return;
    if (this.basis() !== this.loadedBy && (this.ofGroups || this.by())) return this.load();
    this.redraw();
    if (names.includes("zoom") || names.includes("x")) {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => this.inSight && this.look(), CLOSER_MS);
    }
  }

  // Closer points of what is shown, if there are any that are not here.
  // On an axis other than steps, a rough look tells which steps to look at more closely.
  async look(again = 2) {
    const range = this.closer();
    if (!range) return;
    const asked = this.asked();
    try {
      const { series } = await this.ask({ start: range[0], end: range[1], max: this.most(1) }, asked.signal);
      if (asked.signal.aborted) return;
      this.closeup = { series, range };
      this.redraw();
      if (again) this.look(again - 1);
    } catch (problem) {
      if (problem.name !== "AbortError") this.say(""); // what is drawn stays
    }
  }

  // The steps to ask for, or null where the points at hand are all there are, or close enough.
  closer() {
    const { zoom } = state.settings;
    if (!zoom || !this.whole.some((one) => one.points > one.step.length)) return null;
    const steps = this.stepsWithin(zoom);
    if (!steps) return null;
    const have = this.closeup?.range;
    const wide = (range) => range[1] - range[0];
    const complete = have && this.closeup.series.every((one) => one.points === one.step.length);
    if (have && have[0] <= steps[0] && have[1] >= steps[1] && (complete || wide(have) <= 3 * Math.max(1, wide(steps)))) return null;
    return this.around(steps);
  }

  around([from, to]) {
    const room = Math.ceil((to - from) / 4) + 1;
    return [Math.max(-Number.MAX_SAFE_INTEGER, Math.floor(from) - room), Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(to) + room)];
  }

  // Points to ask for of each run: one a pixel, of a zoom with a quarter on both sides; of many runs together a bounded number.
  most(closer) {
    if (this.ofGroups) return Math.round(Math.min(this.size().width, Math.max(120, MEANS / state.means.length)));
    const runs = this.address.split("%2C").length;
    return Math.round(Math.min(this.size().width * (closer ? 1.5 : 1), Math.max(240, POINTS / runs)));
  }

  // Whether a wide chart has far fewer points than there are, and room for.
  isRough() {
    return this.whole.some((one) => one.points > one.step.length && one.step.length * AHEAD < this.most(0));
  }

  points() {
    const { hidden } = state.settings;
    const parts = new Map(this.closeup?.series.map((one) => [one.run, one]));
    const shown = this.whole.filter((one) => !hidden.has(one.run) && one.step.length);
    return shown.map((one) => merged(one, parts.get(one.run), this.closeup?.range));
  }

  // From which step to which the points within a range of x are, with those beside them.
  stepsWithin([from, to]) {
    const found = [Infinity, -Infinity];
    if (state.settings.x === "step") return [from, to];
    if (this.ofGroups) return null;
    for (const line of this.view?.lines ?? []) {
      line.xs.forEach((x, at) => {
        const beside = (x < from && line.xs[at + 1] > from) || (x > to && line.xs[at - 1] < to);
        if (!(x >= from && x <= to) && !beside) return;
        found[0] = Math.min(found[0], line.step[at]);
        found[1] = Math.max(found[1], line.step[at]);
      });
    }
    return found[0] <= found[1] ? found : null;
  }

  // The zoom of another x, said in steps, as one of this x.
  adopt() {
    const { steps } = state;
    if (!steps) return;
    const xs = this.view.lines.flatMap((line) => {
      const order = rising(line.step);
      const ends = state.settings.x.startsWith("metrics.") ? [] : between(Float64Array.from(order, (at) => line.step[at]), Float64Array.from(order, (at) => line.xs[at]), steps);
      return [...ends, ...line.xs.filter((_, at) => line.step[at] >= steps[0] && line.step[at] <= steps[1])];
    });
    const zoom = state.settings.x === "step" ? steps : extent([xs]);
    state.steps = null;
    if (zoom[0] < zoom[1]) queueMicrotask(() => state.set({ zoom }));
  }

  redraw() {
    if (!this.whole) return;
    this.stale = !this.inSight;
    if (this.stale || (this.basis() && this.basis() !== this.loadedBy)) return;
    const view = (this.view = viewOf(this.points(), state, (run, look) => state.look(run, state.runs.get(run)?.look ?? look)));
    this.adopt();
    const drawn = view.lines.reduce((sum, line) => sum + line.xs.length, 0);
    const numbers = view.lines.some((line) => line.value.some(Number.isFinite));
    const empty = !this.whole.some((one) => one.step.length) ? "No points yet" : !view.lines.length ? "All runs are hidden" : numbers ? "" : "No numbers to draw";
    this.describe(view, drawn);
    this.say(empty);
    const bars = view.single && !empty;
    this.classList.toggle("barred", bars);
    if (bars) this.room.tabIndex = 0; // many bars are scrolled by keys
    else this.room.removeAttribute("tabindex");
    this.bars?.remove();
    if (bars || empty) {
      this.plot?.destroy();
      this.plot = null;
      this.shape = "";
      if (bars) this.room.append((this.bars = barsOf(view)));
    } else this.draw(view);
    if (!empty) this.dataset.drawn = String(drawn);
    else delete this.dataset.drawn;
    this.unpainted = true;
    if (!this.plot) this.painted();
    this.dispatchEvent(new CustomEvent("chart-drawn", { bubbles: true }));
  }

  // What a look at the page's performance finds: when a chart was drawn.
  painted() {
    if (this.unpainted) performance.mark("chart-drawn", { detail: this.getAttribute("source") });
    this.unpainted = false;
  }

  describe(view, drawn) {
    this.note.textContent = view.notes.join("; ");
    this.note.hidden = !view.notes.length;
    const said = view.lines.slice(0, 5).map((line) => {
      const [low, high] = extent([line.value]);
      const logged = this.whole.find((one) => one.run === line.id).points;
      return `${nameOf(line.id)}: ${logged.toLocaleString("en")} points, last ${readable(line.value.at(-1))}, least ${readable(low)}, greatest ${readable(high)}`;
    });
    const more = view.lines.length > 5 ? `; and ${view.lines.length - 5} more` : "";
    const events = view.events.length ? ` ${view.events.slice(0, 5).map((event) => `${event.name} at step ${event.step}`).join("; ")}.` : "";
    this.summary.textContent = `${said.join("; ")}${more}.${events} ${drawn} points are drawn. Plus and minus zoom, arrows move, 0 shows all.`;
  }

  draw(view) {
    const places = [view.xr, view.yr];
    if (this.plot && this.shape === this.shapeOf()) return this.plot.setData(places);
    this.plot?.destroy();
    this.shape = this.shapeOf();
    this.plot = new uPlot(this.options(), places, this.room);
    this.plot.over.addEventListener("dblclick", (event) => {
      event.stopImmediatePropagation(); // uPlot would show all of its own
      state.set({ zoom: null });
    }, true);
  }

  // What makes another plot necessary.
  shapeOf() {
    return [state.settings.x, colour("--soft"), devicePixelRatio].join();
  }

  options() {
    const look = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: FONT(), incrs: (_, axis, low, high) => [Math.max(5, high - low)] }; // ticks are ours: uPlot only wants an increment that it takes
    const ticks = (axis, range, room, width) => this.view[axis].ticks(...this.view[range], room, width).filter(([place]) => place >= this.view[range][0] && place <= this.view[range][1]);
    const across = () => {
      const [[low, high], room] = [this.view.xr, this.size().width - 70];
      const cut = ([place, text]) => ((high - place) / (high - low)) * room + RIGHT < widthOf(text) / 2; // by the edge of the chart
      return (this.xTicks = ticks("x", "xr", room, (text) => widthOf(text) + 14).map((tick) => (cut(tick) ? [tick[0], ""] : tick)));
    };
    const upward = () => (this.yTicks = ticks("y", "yr", this.size().height - 40, () => 26));
    const words = (list) => (_, places) => places.map((place) => list().find(([at]) => at === place)?.[1] ?? "");
    return {
      ...this.size(),
      legend: { show: false },
      padding: [8, RIGHT, 0, 0],
      series: [{}, { paths: () => null, points: { show: false } }],
      scales: { x: { time: false, range: () => this.view.xr }, y: { range: () => this.view.yr } },
      axes: [
        { ...look, size: state.settings.x === "time" ? 38 : 26, splits: () => across().map(([place]) => place), values: words(() => this.xTicks), space: 1 },
        { ...look, size: (_, texts) => Math.ceil(Math.max(30, ...(texts ?? []).map(widthOf)) + 14), splits: () => upward().map(([place]) => place), values: words(() => this.yTicks), space: 1 },
      ],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
      hooks: {
        draw: [(plot) => this.paint(plot)],
        setCursor: [(plot) => this.pointed(plot)],
        setSelect: [(plot) => this.selected(plot)],
      },
    };
  }

  paint(plot) {
    const box = this.box(plot);
    paint(plot.ctx, shapesOf(this.view, box, state.lit), box, devicePixelRatio);
    this.painted();
  }

  // Where the lines are, in pixels of the page.
  box({ bbox }) {
    const ratio = devicePixelRatio;
    return { left: bbox.left / ratio, top: bbox.top / ratio, width: bbox.width / ratio, height: bbox.height / ratio };
  }

  selected(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const zoom = [left, left + width].map((at) => this.view.x.from(plot.posToVal(at, "x")));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    state.set({ zoom });
  }

  pressed(event) {
    if (!this.view || event.ctrlKey || event.metaKey || event.altKey || event.target !== this) return;
    const [from, to] = this.view.xr;
    const [middle, half] = [(from + to) / 2, (to - from) / 2];
    const ends = {
      "+": [middle - half / 2, middle + half / 2],
      "=": [middle - half / 2, middle + half / 2],
      "-": [middle - half * 2, middle + half * 2],
      ArrowLeft: [from - half / 2, to - half / 2],
      ArrowRight: [from + half / 2, to + half / 2],
      0: null,
      Escape: null,
    };
    if (!(event.key in ends)) return;
    event.preventDefault();
    event.stopPropagation();
    const all = this.view.whole.map(this.view.x.to);
    const wanted = ends[event.key];
    if (!wanted || wanted[1] - wanted[0] >= all[1] - all[0]) return state.set({ zoom: null });
    const shift = Math.max(0, all[0] - wanted[0]) - Math.max(0, wanted[1] - all[1]);
    state.set({ zoom: wanted.map((place) => this.view.x.from(place + shift)) });
  }

  left() {
    this.tip.hidden = true;
    state.highlight(null);
    state.hover(null, this);
  }

  // The pointer of another chart of the same x.
  follow(x) {
    if (!this.plot || !this.inSight) return;
    this.following = true;
    const place = x === null ? null : this.view.x.to(x);
    const left = place === null || !(place >= this.view.xr[0] && place <= this.view.xr[1]) ? -10 : this.plot.valToPos(place, "x");
    this.plot.setCursor({ left, top: left < 0 ? -10 : 10 });
    this.following = false;
  }

  // The points nearest to the pointer, the greatest value first.
  pointed(plot) {
    if (this.following) return;
    const { left, top } = plot.cursor;
    this.tip.hidden = left === null || left === undefined || left < 0 || !this.room.matches(":hover");
    if (this.tip.hidden) return;
    const box = this.box(plot);
    const at = scales(this.view, box);
    const nearest = (line) => {
      let [best, distance] = [-1, Infinity];
      line.xs.forEach((x, index) => {
        const away = Math.abs(at.x(x) - box.left - left);
        if (away <= distance && at.x(x) >= box.left - 1 && at.x(x) <= box.left + box.width + 1) [best, distance] = [index, away];
      });
      return { line, index: best, away: distance };
    };
    const found = [...(this.view.means ?? []), ...this.view.lines].map(nearest).filter(({ index }) => index >= 0);
    if (!found.length) return (this.tip.hidden = true);
    found.sort((a, b) => a.away - b.away);
    const here = found[0].line.xs[found[0].index];
    const rows = found.map(({ line, index }) => ({ line, index, x: line.xs[index], value: line.ys[index] })).sort((a, b) => b.value - a.value || Number.isNaN(a.value) - Number.isNaN(b.value));
    const gap = ({ value }) => (this.view.y.shown(value) ? Math.abs(at.y(value) - box.top - top) : Infinity);
    const close = rows.reduce((best, row) => (gap(row) < gap(best) ? row : best));
    state.highlight(gap(close) < 24 && rows.length > 1 ? close.line.id : null);
    state.hover(here, this);
    this.tell(rows, rows.indexOf(close), here, left, box);
  }

  tell(rows, close, here, left, box) {
    const right = left > box.width / 2;
    const across = this.room.getBoundingClientRect().left + box.left + left;
    const width = (right ? across : document.documentElement.clientWidth - across) - 24;
    const narrow = this.tip.classList.toggle("narrow", width < NARROW); // a run takes more than one line
    const most = Math.max(4, Math.floor(box.height / (narrow ? 45 : 18)) - 2);
    const first = Math.max(0, Math.min(rows.length - most, close - Math.floor(most / 2)));
    const kind = state.settings.x;
    const lines = rows.slice(first, first + most).map((row) => {
      const { line, index } = row;
      const item = make("div", { className: row === rows[close] && rows.length > 1 ? "near" : "" });
      const mark = make("i");
      mark.style.background = line.look.stroke;
      const raw = line.value[index] === row.value ? "" : ` (logged ${line.value[index]})`;
      const around = line.low ? `${line.low[index]} to ${line.high[index]}, ` : "";
      const spread = line.n ? ` (${around}n = ${line.n[index]})` : "";
      item.append(mark, make("b", { textContent: String(row.value) }), `${raw}${spread} ${rows.length > 1 ? (line.label ?? ((narrow && state.runs.get(line.id)?.short) || nameOf(line.id))) : ""}`);
      if (row.x !== here) item.append(make("span", { className: "soft", textContent: ` ${exactX(row.x, kind)}` }));
      return item;
    });
    const { line, index } = rows.find((row) => row.x === here);
    const head = make("div", { className: "soft", textContent: exactX(here, kind) + (kind === "step" || line.n ? "" : `, step ${line.step[index]}`) });
    const near = this.view.events.filter((event) => Math.abs(scales(this.view, box).x(event.x) - box.left - left) < 6);
    const more = rows.length - lines.length;
    this.tip.replaceChildren(head, ...lines, ...(more > 0 ? [make("div", { className: "soft", textContent: `${more} more` })] : []), ...near.map((event) => make("div", { textContent: `⚑ ${event.name} at step ${event.step}` })));
    this.tip.style.maxWidth = `${width}px`;
    this.tip.style.left = right ? "" : `${box.left + left + 14}px`;
    this.tip.style.right = right ? `${this.room.clientWidth - box.left - left + 14}px` : "";
  }
}

customElements.define("line-chart", LineChart);
