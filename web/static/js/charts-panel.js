// <charts-panel>: the charts of metrics beside the table of runs, of the chosen runs, or else of the rows.
//
// Attributes
//   data-runs      the runs that charts may show, as chart-state.js takes them
//   data-rows      the ids of those of the rows; data-selected: of the selection that the server keeps
//   data-most      how many runs a chart shows
//   data-library   the address of uPlot; data-points, data-metric, data-run: of points, and of pages
// A <line-chart> is made for each <figure data-key> that comes into view.
import { state } from "./chart-state.js";
import "./chart-legend.js";
import "./chart-settings.js";

const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

let library = null;
function load(address) {
  library ??= new Promise((resolve, reject) => {
    const script = make("script", { src: address, onload: resolve, onerror: () => reject(new Error("uPlot was not loaded.")) });
    document.head.append(script);
  }).then(() => import("./line-chart.js"));
  return library;
}

customElements.define(
  "charts-panel",
  class extends HTMLElement {
    connectedCallback() {
      const read = (name) => JSON.parse(this.dataset[name]);
      [this.rows, this.selected] = [read("rows"), read("selected")];
      this.most = Number(this.dataset.most);
      state.readAddress();
      state.setRuns(read("runs"));
      this.ending = new AbortController();
      document.addEventListener("runs-chosen", ({ detail }) => this.choose(detail), { signal: this.ending.signal });
      this.seen = new IntersectionObserver((entries) => this.sight(entries), { rootMargin: "300px" });
      load(this.dataset.library).then(() => {
        for (const figure of this.querySelectorAll("figure")) this.seen.observe(figure);
      });
      document.dispatchEvent(new CustomEvent("runs-wanted")); // answered with what is chosen
    }

    disconnectedCallback() {
      this.seen.disconnect();
      this.ending.abort();
    }

    // Rows were ticked or cleared: charts follow.
    choose({ id, size, added, dropped }) {
      if (this.selection !== undefined && id !== this.selection) this.selected = id ? this.picked : []; // the server keeps a longer list by now
      const kept = id ? this.selected.filter((run) => !dropped.includes(run)) : [];
      [this.selection, this.picked, this.chosen] = [id, size ? [...new Set([...kept, ...added])] : [], size];
      this.draw();
    }

    draw() {
      const { picked, chosen } = this;
      const all = picked.length ? picked : this.rows;
      const ids = all.slice(0, this.most);
      const count = picked.length ? chosen : this.rows.length;
      const noun = `${picked.length ? "chosen " : ""}run${count === 1 ? "" : "s"}`;
      this.querySelector("[role=status]").textContent = !count ? "No runs to draw." : count > ids.length ? `The first ${ids.length} of ${count.toLocaleString("en")} ${noun}` : `${count} ${noun}`;
      if (this.ids?.join() === ids.join()) return;
      this.ids = ids;
      this.legend(ids);
      for (const figure of this.querySelectorAll("figure")) this.address(figure);
      state.write();
    }

    legend(ids) {
      this.querySelector("chart-legend")?.remove();
      const legend = make("chart-legend");
      legend.dataset.runs = this.dataset.runs;
      const list = legend.appendChild(make("ul", { className: "legend" }));
      for (const id of ids) {
        const row = list.appendChild(make("li"));
        row.dataset.run = id;
        row.append(make("i", { className: "mark" }), make("a", { href: `${this.dataset.run}/${id}`, textContent: state.runs.get(id)?.name ?? id }));
      }
      this.querySelector("[role=status]").after(legend);
    }

    address(figure) {
      const query = new URLSearchParams({ key: figure.dataset.key, runs: this.ids.join() });
      const link = figure.querySelector("a");
      link.href = `${this.dataset.metric}?${query}`;
      link.dataset.chartLink = "";
      figure.querySelector("line-chart")?.setAttribute("source", `${this.dataset.points}?${query}`);
    }

    sight(entries) {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || target.querySelector("line-chart") || !this.ids.length) continue;
        const chart = make("line-chart");
        chart.setAttribute("aria-label", target.dataset.key);
        chart.setAttribute("source", `${this.dataset.points}?${new URLSearchParams({ key: target.dataset.key, runs: this.ids.join() })}`);
        target.append(chart);
      }
    }
  },
);
