// One plot over all runs of the view: its fields, its picture, and what it gives away. `host` is the <run-plots> it stands in.
import { state } from "./chart-state.js";
import { make } from "./elements.js";
import { chips, columnOf, same } from "./plot-choice.js";
import { DRAWN } from "./plot-draw.js";
import { fieldsOf } from "./plot-fields.js";
import { parallel, rangeFields, rangesOn, showRanges, widthOf } from "./plot-parallel.js";
import { KINDS, filterByRanges, withRanges } from "./plot-state.js";
import { cut, titleOf, valuesOf } from "./plot-values.js";

const MOST_KEY = 30; // characters of a text in a legend

let library = null;
const load = () => (library ??= import("../vendor/echarts@6.1.0/echarts.custom.min.js"));

const ACTIONS = [["png", "Picture (PNG)"], ["svg", "Picture (SVG)"], ["csv", "Values (CSV)"], ["data", "Show data"]];
const drawers = { ...DRAWN, parallel };
// Places of plots whose ranges are open, and of those whose values are shown as a table, and the button that was pressed: the view
// is a new one when the table was filtered.
const opened = new Set();
const tabled = new Set();
let pressed = "";

export class PlotCard {
  constructor(host, plot) {
    this.host = host;
    this.plot = plot;
    this.turn = 0;
    this.room = make("div", { className: "plot-room" });
    this.tip = make("div", { className: "tip", hidden: true });
    this.tip.setAttribute("aria-hidden", "true");
    this.frame = make("div", { className: "plot-frame" }, this.room, this.tip);
    this.legend = make("div", { className: "plot-legend" });
    this.summary = make("p", { className: "soft plot-summary" });
    this.summary.setAttribute("role", "status");
    this.more = make("div");
    this.element = make("figure", { className: `run-plot plot-${plot.kind}` }, this.head(), fieldsOf(this), this.frame, this.legend, this.summary, this.more);
    if (plot.kind === "matters") this.frame.hidden = true;
    else {
      this.sized = new ResizeObserver(() => this.resized());
      this.sized.observe(this.frame);
    }
    this.onHighlight = ({ detail }) => this.lit(detail);
    state.addEventListener("highlight", this.onHighlight);
  }

  get name() {
    const { kind, x, y, z, by } = this.plot;
    const titles = [y, z, by, x].filter(Boolean).map((name) => titleOf(this.host.config, name));
    return titles.length ? `${KINDS[kind]}: ${titles.join(", ")}` : KINDS[kind];
  }

  head() {
    const title = make("strong", { textContent: KINDS[this.plot.kind] });
    const remove = make("button", { type: "button", className: "plain close", textContent: "×", title: "Remove this plot" });
    remove.setAttribute("aria-label", `Remove ${KINDS[this.plot.kind]}`);
    remove.addEventListener("click", () => this.host.remove(this));
    return make("figcaption", {}, title, ...(this.plot.kind === "matters" ? [] : [this.menu()]), remove);
  }

  menu() {
    const menu = make("details", { className: "menu left" });
    const summary = make("summary", { className: "plain", textContent: "⋮", title: "Pictures and data" });
    summary.setAttribute("aria-label", `Pictures and data of ${KINDS[this.plot.kind]}`);
    const sheet = make("div", { className: "sheet" });
    for (const [action, text] of ACTIONS) {
      const button = make("button", { type: "button", className: "plain", textContent: text });
      button.dataset.action = action;
      button.addEventListener("click", () => {
        menu.open = false;
        if (this.drawn) this.act(action, button);
      });
      sheet.append(button);
    }
    menu.append(summary, sheet);
    return menu;
  }

  async act(action, button) {
    const actions = await import("./plot-export.js");
    const place = this.host.cards.indexOf(this);
    if (action !== "data") return actions[action]({ library: await load(), drawn: this.drawn, size: this.size(), name: this.name });
    if (this.data) {
      this.data.remove();
      this.data = null;
      tabled.delete(place);
    } else {
      this.data = this.table(actions);
      this.element.append(this.data);
      tabled.add(place);
    }
    button.textContent = this.data ? "Hide data" : "Show data";
  }

  // The values as a table, in which those of groups can be chosen.
  table(actions) {
    return actions.table(this.drawn, this.name, this.host.config.run, { isChosen: (at) => this.isChosen(at), choose: (at) => this.choose(at, true) });
  }

  // The table as it was before the view became a new one.
  async showData() {
    const place = this.host.cards.indexOf(this);
    if (!this.data && !tabled.has(place)) return;
    const actions = await import("./plot-export.js");
    if (!this.element.isConnected || !this.drawn) return;
    const now = this.table(actions);
    if (this.data) this.data.replaceChildren(...now.children);
    else {
      this.element.append((this.data = now));
      this.element.querySelector("[data-action=data]").textContent = "Hide data";
    }
    const [name, at, row] = pressed.split(":");
    if (name !== "row" || Number(at) !== place) return;
    pressed = "";
    this.data.querySelectorAll("tbody tr")[row]?.querySelector("button")?.focus({ preventScroll: true });
  }

  // The range of the plot's column that the table is filtered by, as far as plots have made it.
  get own() {
    const { base, brushes } = this.host.ranges;
    return { base, others: brushes.filter(({ name }) => name !== columnOf(this.plot)), brushes: brushes.filter(({ name }) => name === columnOf(this.plot)) };
  }

  isChosen(at) {
    const range = this.drawn.ranges?.[at];
    return range ? this.own.brushes.some((brush) => same(brush, range)) : null;
  }

  // A bar, a box or a bin filters the table; once more, and it does so no longer.
  choose(at, byRow = false) {
    const range = this.drawn.ranges?.[at];
    if (!range) return;
    const { base, others } = this.own;
    pressed = byRow ? `row:${this.host.cards.indexOf(this)}:${at}` : "";
    filterByRanges(base, this.isChosen(at) ? others : [...others, range]);
  }

  size() {
    const { clientWidth } = this.frame;
    return { width: Math.max(clientWidth, this.plot.kind === "parallel" ? widthOf(this.plot) : 240), height: this.plot.kind === "parallel" ? 340 : 300 };
  }

  get names() {
    const { kind, x, y, z, c, s, by, axis } = this.plot;
    return [...new Set([...(kind === "parallel" ? axis : []), x, y, z, by, c, s].filter(Boolean))];
  }

  // A setting was changed: it goes into the address, and the plot is drawn anew.
  changed() {
    this.host.write();
    this.draw();
  }

  async draw() {
    const turn = ++this.turn;
    const { plot, host } = this;
    const { base, brushes } = plot.kind === "parallel" ? host.ranges : this.own;
    const ground = plot.kind === "parallel" ? base : brushes.length ? withRanges(base, this.own.others) : host.config.filter;
    if (plot.kind === "matters") return this.drawMatters(turn);
    try {
      if (plot.kind === "parallel" && plot.axis.length < 2) throw new Error("Choose two columns or more.");
      if (this.needed.some((name) => !plot[name])) throw new Error("Choose what to plot.");
      if (!this.drawn) this.say("Loading…");
      const [made, values] = await Promise.all([load(), valuesOf(host.config, this.names, ground)]);
      if (turn !== this.turn || !this.element.isConnected) return;
      if (!brushes.length) host.sampled(values);
      if (!values.ids.length) throw new Error("No run matches the filter.");
      this.values = values;
      this.paint(made, values, base, brushes);
    } catch (problem) {
      if (turn === this.turn) this.failed(problem.message);
    }
  }

  get needed() {
    return { scatter: ["x", "y"], pareto: ["x", "y"], contour: ["x", "y", "z"], box: ["by", "y"], bar: ["by", "y"], hist: ["x"] }[this.plot.kind] ?? [];
  }

  paint(made, values, base, brushes) {
    const size = this.size();
    this.drawn = drawers[this.plot.kind](this.plot, values, size, made, brushes);
    this.frame.hidden = false;
    [this.room.style.width, this.room.style.height] = [`${size.width}px`, `${size.height}px`];
    if (!this.chart) this.begin(made, size);
    else this.chart.resize(size);
    this.chart.setOption(this.drawn.option, true);
    this.width = this.frame.clientWidth;
    if (size.width > this.width) this.frame.tabIndex = 0; // it is scrolled by keys
    else this.frame.removeAttribute("tabindex");
    this.say(this.drawn.summary);
    this.showLegend();
    this.room.setAttribute("aria-label", `${this.name}. ${this.drawn.summary}`);
    if (this.plot.kind === "parallel") this.range(base, brushes);
    else this.more.replaceChildren(...(brushes.length ? [chips(this.host.config, brushes, (brush) => filterByRanges(base, this.host.ranges.brushes.filter((each) => !same(each, brush))))] : []));
    this.showData();
    this.element.dispatchEvent(new CustomEvent("plot-drawn", { bubbles: true }));
  }

  begin(made, size) {
    this.room.setAttribute("role", "img");
    this.chart = made.init(this.room, null, { renderer: "canvas", ...size });
    this.chart.on("mouseover", (event) => this.hover(event));
    this.chart.on("mouseout", () => this.hover(null));
    this.chart.on("click", (event) => this.open(event));
    this.chart.on("axisareaselected", () => this.brush());
  }

  hover(event) {
    const lines = event && event.componentType === "series" ? this.drawn.hover(event) : [];
    this.tip.hidden = !lines.length;
    const run = lines.length ? this.drawn.run(event) : undefined;
    state.highlight(run === undefined ? null : this.values.ids[run]);
    this.room.classList.toggle("pointed", run !== undefined || Boolean(lines.length && this.rangeAt(event)));
    if (!lines.length) return;
    this.tip.replaceChildren(...lines.map((text, at) => make("div", {}, at ? text : make("b", { textContent: text }))));
    const { offsetX: x, offsetY: y } = event.event;
    const left = x - this.frame.scrollLeft;
    this.tip.style.left = `${Math.max(4, Math.min(left + 14, this.frame.clientWidth - this.tip.offsetWidth - 4)) + this.frame.scrollLeft}px`;
    this.tip.style.top = `${y + 16 + this.tip.offsetHeight > this.size().height ? Math.max(0, y - this.tip.offsetHeight - 10) : y + 16}px`;
  }

  open(event) {
    const run = event.componentType === "series" ? this.drawn.run(event) : undefined;
    if (this.rangeAt(event)) return this.choose(event.dataIndex);
    if (run === undefined) return;
    const address = this.host.config.run + this.values.ids[run];
    const { ctrlKey, metaKey } = event.event.event;
    if (ctrlKey || metaKey) window.open(address, "_blank", "noopener");
    else location.href = address;
  }

  // The range of a group that is pointed at; dots of runs have none.
  rangeAt({ componentType, seriesIndex, dataIndex }) {
    return componentType === "series" && !seriesIndex ? this.drawn.ranges?.[dataIndex] : undefined;
  }

  // A run is pointed at elsewhere: its point or line stands out.
  lit(id) {
    if (!this.chart || this.room.matches(":hover")) return;
    this.chart.dispatchAction({ type: "downplay", seriesIndex: 0 });
    const at = id === null ? -1 : this.values.ids.indexOf(id);
    if (at >= 0 && this.drawn.run({ dataIndex: at, seriesIndex: 0 }) === at) this.chart.dispatchAction({ type: "highlight", seriesIndex: 0, dataIndex: at });
  }

  // The ranges of the address, on the axes and as fields.
  range(base, brushes) {
    this.quiet = true;
    showRanges(this.chart, this.drawn.scales, brushes);
    this.quiet = false;
    const place = this.host.cards.indexOf(this);
    const count = brushes.filter(({ name }) => this.plot.axis.includes(name)).length;
    const details = make("details", { className: "ranges", open: opened.has(place) }, make("summary", { textContent: count ? `Ranges (${count})` : "Ranges" }));
    const fill = () => details.open && !details.querySelector(".range-fields") && details.append(rangeFields(this, this.drawn, base, brushes));
    details.addEventListener("toggle", () => {
      details.open ? opened.add(place) : opened.delete(place);
      fill();
    });
    details.addEventListener("click", ({ target }) => (pressed = target.closest("button")?.name ?? ""));
    fill();
    this.more.replaceChildren(details);
    if (pressed) details.querySelector(`[name=${pressed}]:not([hidden]), summary`)?.focus({ preventScroll: true });
    pressed = "";
  }

  brush() {
    if (this.quiet) return;
    const { base, brushes } = this.host.ranges;
    const others = brushes.filter(({ name }) => !this.plot.axis.includes(name));
    filterByRanges(base, [...others, ...rangesOn(this.chart, this.drawn.scales)]);
  }

  say(text, wrong = false) {
    this.summary.textContent = text;
    this.summary.classList.toggle("error", wrong);
  }

  failed(text) {
    this.chart?.dispose();
    [this.chart, this.drawn] = [null, null];
    this.frame.hidden = true;
    this.legend.replaceChildren();
    this.more.replaceChildren();
    this.say(text, true);
  }

  showLegend() {
    const { legend, sized } = this.drawn;
    const parts = [];
    if (legend?.entries) {
      parts.push(make("span", { className: "soft", textContent: `${legend.title}:` }));
      for (const entry of legend.entries) parts.push(make("span", { className: "key", title: entry.text }, sign(entry), cut(entry.text, MOST_KEY)));
      if (legend.rest || legend.without) parts.push(make("span", { className: "key" }, sign({ sign: "emptyCircle", colour: "var(--soft)" }), legend.rest ? "others" : "none"));
    } else if (legend?.ends) {
      parts.push(make("span", { className: "soft", textContent: `${legend.title}:` }), make("span", { textContent: legend.ends[0] }), make("i", { className: "ramp" }), make("span", { textContent: legend.ends[1] }));
      if (legend.without) parts.push(make("span", { className: "key" }, sign({ sign: "emptyCircle", colour: "var(--soft)" }), "none"));
    }
    if (sized) parts.push(make("span", { className: "soft", textContent: `Size: ${sized}` }));
    this.legend.replaceChildren(...parts);
  }

  async drawMatters(turn) {
    const { config } = this.host;
    const going = () => turn === this.turn && this.element.isConnected;
    if (!this.plot.y) return this.failed("Choose a metric.");
    const metric = this.plot.y.replace(/^metrics\./, "");
    this.more.replaceChildren();
    const { find, table } = await import("./plot-matters.js");
    const plotParam = (key) => this.host.add({ kind: "scatter", x: `params.${key}`, y: this.plot.y, axis: [], log: [] });
    const show = (found) => {
      this.say(found.summary, found.state === "failed");
      this.element.classList.toggle("working", found.state === "working");
      const notes = (found.notes ?? []).map((text) => make("p", { className: "soft", textContent: text }));
      this.more.replaceChildren(...(found.params?.length ? [make("div", { className: "box" }, table(found, metric, plotParam))] : []), ...notes);
    };
    try {
      await find(config, metric, config.filter, show, going);
    } catch (problem) {
      if (going()) this.say(`The server did not answer: ${problem.message}`, true);
    }
  }

  resized() {
    if (!this.chart || this.frame.clientWidth === this.width) return;
    cancelAnimationFrame(this.frameAsked);
    this.frameAsked = requestAnimationFrame(() => this.element.isConnected && this.draw());
  }

  end() {
    this.turn++;
    this.sized?.disconnect();
    state.removeEventListener("highlight", this.onHighlight);
    this.chart?.dispose();
    this.element.remove();
  }
}

// A sign as legends show it; ECharts has the same by name.
const OUTLINES = { circle: "M5 1a4 4 0 1 0 .01 0Z", rect: "M1 1H9V9H1Z", triangle: "M5 1L9 9H1Z", diamond: "M5 0L9 5L5 10L1 5Z" };

function sign({ sign: name, colour }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const empty = name.startsWith("empty");
  const plain = name.startsWith("path://") ? name.slice(7) : OUTLINES[name.replace("empty", "").toLowerCase()];
  svg.setAttribute("viewBox", "-1 -1 12 12");
  svg.setAttribute("class", "sign");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", plain);
  path.style.fill = empty ? "none" : colour;
  path.style.stroke = colour;
  svg.append(path);
  return svg;
}
