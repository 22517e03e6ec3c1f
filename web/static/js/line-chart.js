// <line-chart source>: one metric of one or more runs, drawn by uPlot once it comes into view.
import { colour, look } from "./looks.js";
import { readable, readableX, tables } from "./series.js";

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const nameOf = (run) => document.querySelector(`#legend [data-run="${CSS.escape(run)}"]`)?.textContent.trim() ?? run;

class LineChart extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.settings = { x: "step", y: "linear", smooth: 0 };
    this.say("");
    this.seen = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && this.start(), { rootMargin: "200px" });
    this.seen.observe(this);
    this.sized = new ResizeObserver(() => this.plot && this.plot.setSize(this.room()));
    this.onTheme = () => this.series && this.draw();
    document.addEventListener("themechange", this.onTheme);
  }

  disconnectedCallback() {
    document.removeEventListener("themechange", this.onTheme);
    this.seen?.disconnect();
    this.sized?.disconnect();
    this.plot?.destroy();
  }

  start() {
    this.seen.disconnect();
    this.sized.observe(this);
    this.load();
  }

  room() {
    return { width: Math.max(120, this.clientWidth), height: Math.max(100, this.clientHeight) };
  }

  say(text) {
    this.message ??= this.appendChild(Object.assign(document.createElement("span"), { className: "state" }));
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  // Points within a range of steps, or all; never more of them than there are pixels.
  async load(range = null) {
    const address = new URL(this.getAttribute("source"), location.href);
    address.searchParams.set("max", Math.min(2500, this.room().width));
    if (range) {
      address.searchParams.set("start", Math.floor(range[0]));
      address.searchParams.set("end", Math.ceil(range[1]));
    }
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const waiting = setTimeout(() => !this.plot && this.say("Loading…"), 200);
    try {
      const answer = await fetch(address);
      const body = await answer.json();
      if (turn !== this.turn) return; // a later question was asked meanwhile
      if (!answer.ok) throw new Error(body.message);
      this.series = body.series;
      this.range = range;
      this.draw();
    } catch (problem) {
      if (!this.plot) this.say(`Not loaded: ${problem.message}`);
    } finally {
      clearTimeout(waiting);
    }
  }

  refresh() {
    if (this.plot) this.load(this.range);
  }

  change(settings) {
    Object.assign(this.settings, settings);
    if (this.series) this.load(null);
  }

  reset() {
    this.load(null);
  }

  draw() {
    const shown = this.series.filter((columns) => columns.value.some((value) => value !== null));
    this.plot?.destroy();
    this.plot = null;
    this.say(shown.length ? "" : "No numbers to draw");
    if (!shown.length) return;
    const data = uPlot.join(tables(shown, this.settings));
    this.plot = new uPlot(this.options(shown), data, this);
    this.dataset.drawn = String(data[0].length);
  }

  options(shown) {
    const smooth = this.settings.smooth > 0;
    const ground = colour("--raised");
    const alone = this.series.length === 1 ? { dash: [] } : {}; // a line that there is nothing to tell from
    const lines = shown.flatMap((columns) => {
      const line = { label: nameOf(columns.run), width: 1.5, points: { size: 4, fill: ground }, ...look(columns.look), ...alone };
      return smooth ? [line, { ...line, behind: true, alpha: 0.25, points: { show: false } }] : [line];
    });
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `11px ${style("--font")}` };
    const time = this.settings.x === "time";
    return {
      ...this.room(),
      legend: { show: false },
      series: [{}, ...lines],
      scales: { x: { time }, y: { distr: this.settings.y === "log" ? 3 : 1 } },
      axes: [
        { ...axis, size: 26, ...(time ? {} : { values: (_, ticks) => ticks.map(readable) }) },
        { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : readable(tick))) },
      ],
      cursor: { sync: { key: "metrics", setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6 } },
      hooks: { setCursor: [(plot) => this.tip(plot, lines)], setSelect: [(plot) => this.zoom(plot)] },
    };
  }

  zoom(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (this.settings.x === "step") this.load(range);
    else plot.setScale("x", { min: range[0], max: range[1] });
  }

  tip(plot, lines) {
    const { idx, left } = plot.cursor;
    this.tipBox ??= Object.assign(document.createElement("div"), { className: "tip" });
    this.tipBox.hidden = idx === null || idx === undefined || left < 0 || !this.matches(":hover");
    if (this.tipBox.hidden) return;
    const found = lines
      .map((line, index) => ({ line, value: plot.data[index + 1][idx] }))
      .filter(({ line, value }) => !line.behind && value !== null && value !== undefined)
      .sort((a, b) => b.value - a.value)
      .slice(0, 12);
    const rows = found.map(({ line, value }) => {
      const row = document.createElement("i");
      row.textContent = `${readable(value)}  ${lines.length > 1 ? line.label : ""}`;
      row.style.color = line.stroke;
      return row;
    });
    this.tipBox.replaceChildren(readableX(plot.data[0][idx], this.settings.x), ...rows);
    if (!this.tipBox.isConnected) this.append(this.tipBox);
    const right = left > plot.over.clientWidth / 2;
    this.tipBox.style.left = right ? "" : `${left + 76}px`;
    this.tipBox.style.right = right ? `${plot.over.clientWidth - left + 26}px` : "";
    this.tipBox.style.top = "8px";
  }
}

customElements.define("line-chart", LineChart);
