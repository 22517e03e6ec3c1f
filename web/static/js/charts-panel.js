// <charts-panel>: the charts of metrics beside the table of runs: of the chosen runs, else of the rows, else, where these are groups,
// of their means. What one sees is in the page's address.
//
// Attributes
//   data-runs      the runs that charts may show, as chart-state.js takes them
//   data-rows      the ids of those of the rows; data-selected: of the selection that the server keeps
//   data-lines     the groups whose means are drawn: {id, name, look, href, runs, of}; data-groups: how many the table has
//   data-most      how many runs a chart shows
//   data-library   the address of uPlot; data-points, data-metric, data-run: of points, and of pages
// A <line-chart> is made for each <figure data-key> that comes into view.
import { state } from "./chart-state.js";
import "./chart-legend.js";
import "./chart-settings.js";

import("./run-plots.js"); // stands below the charts

const TYPING_MS = 250;
const LIVE_MS = 2000;
const MOST_PINS = 24;
const FEW_RUNS = 12; // whose legend is open from the start, unless their rows stand right above it
const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

let library = null;
function load(address) {
  library ??= new Promise((resolve, reject) => {
    const script = make("script", { src: address, onload: resolve, onerror: () => reject(new Error("uPlot was not loaded.")) });
    document.head.append(script);
  }).then(() => import("./line-chart.js"));
  return library;
}

// Into the address, in place of what it said.
function write(changes) {
  const url = new URL(location.href);
  for (const [name, values] of Object.entries(changes)) {
    url.searchParams.delete(name);
    for (const value of values) url.searchParams.append(name, value);
  }
  history.replaceState(history.state, "", url.pathname + url.search.replaceAll("%2C", ",").replaceAll("%2F", "/") + url.hash);
}

const all = (name) => new URLSearchParams(location.search).getAll(name);

customElements.define(
  "charts-panel",
  class extends HTMLElement {
    connectedCallback() {
      state.readAddress();
      this.read(this.dataset);
      this.ending = new AbortController();
      const on = (target, name, act) => target.addEventListener(name, act, { signal: this.ending.signal });
      on(document, "runs-chosen", ({ detail }) => this.choose(detail));
      on(document, "page-fetched", ({ detail }) => this.follow(detail));
      on(state, "change", () => this.keepView());
      on(this, "input", ({ target }) => target.closest(".key-search") && this.search());
      on(this, "click", (event) => this.clicked(event));
      this.addEventListener("toggle", ({ target }) => target.dataset.group && this.fold(target), { capture: true, signal: this.ending.signal });
      this.seen = new IntersectionObserver((entries) => this.sight(entries), { rootMargin: "300px" });
      document.dispatchEvent(new CustomEvent("runs-wanted")); // answered with what is chosen
      this.dress();
    }

    disconnectedCallback() {
      this.seen.disconnect();
      this.ending.abort();
      clearTimeout(this.typing);
      clearTimeout(this.later);
    }

    read({ runs, rows, selected, lines, groups, most }) {
      [this.rows, this.selected, this.lines] = [rows, selected, lines].map((text) => JSON.parse(text));
      [this.groups, this.most] = [Number(groups), Number(most)];
      this.sent = [runs, rows, selected, lines].join();
      state.setRuns([...JSON.parse(runs), ...this.lines]);
    }

    // Rows were ticked or cleared: charts follow.
    choose({ id, size, added, dropped }) {
      if (this.selection !== undefined && id !== this.selection) this.selected = id ? this.picked : []; // the server keeps a longer list by now
      const kept = id ? this.selected.filter((run) => !dropped.includes(run)) : [];
      [this.selection, this.picked, this.chosen] = [id, size ? [...new Set([...kept, ...added])] : [], size];
      this.draw();
    }

    // What is drawn now: chosen runs, rows, or groups.
    draw() {
      const { picked, chosen, lines } = this;
      const runs = picked.length ? picked : this.rows;
      const ids = lines.length && !picked.length ? lines.map((line) => line.id) : runs.slice(0, this.most);
      const wanted = lines.length && !picked.length ? lines : [];
      const drawn = JSON.stringify([ids, wanted.map((line) => line.runs)]);
      this.say(wanted, ids, picked.length ? chosen : runs.length);
      if (this.drawn === drawn) return;
      const before = state.means.length;
      [this.drawn, this.ids, state.means] = [drawn, ids, wanted];
      if (before !== wanted.length) state.tell("change", ["band"]);
      this.legend(ids);
      for (const figure of this.querySelectorAll("figure")) this.aim(figure);
      state.write();
    }

    say(means, ids, number) {
      const words = () => {
        if (means.length) {
          const cut = means.some((line) => line.runs.length < line.of) ? `, of each the newest ${Math.max(...means.map((line) => line.runs.length))} runs` : "";
          return `Means of ${means.length < this.groups ? `the first ${means.length} of ` : ""}${count(this.groups, "group")}${cut}`;
        }
        const noun = `${this.picked.length ? "chosen " : ""}run`;
        return !number ? "No runs to draw" : number > ids.length ? `The first ${ids.length} of ${count(number, noun)}` : count(number, noun);
      };
      const text = words();
      const status = this.querySelector("[role=status]");
      if (status.textContent !== text) status.textContent = text;
    }

    // The runs that are drawn: many are listed when somebody asks, as the rows beside show their looks.
    legend(ids) {
      this.querySelector(".drawn-runs")?.remove();
      const box = make("details", { className: "metric-group drawn-runs", open: this.opened ?? (ids.length <= FEW_RUNS && !this.closest(".below")) });
      const summary = box.appendChild(make("summary", { textContent: `${state.means.length ? "Groups" : "Runs"} drawn ` }));
      summary.append(make("small", { textContent: ids.length }));
      const list = () => box.open && !box.querySelector("chart-legend") && box.append(this.legendOf(ids));
      summary.addEventListener("click", () => (this.opened = !box.open));
      box.addEventListener("toggle", list);
      list();
      this.querySelector(".key-search").before(box);
    }

    legendOf(ids) {
      const legend = make("chart-legend");
      legend.dataset.runs = JSON.stringify([...state.runs.values()]);
      const list = legend.appendChild(make("ul", { className: "legend" }));
      for (const id of ids) {
        const row = list.appendChild(make("li"));
        row.dataset.run = id;
        const { href = `${this.dataset.run}/${id}`, name = id, short = name } = state.runs.get(id) ?? {};
        row.append(make("i", { className: "mark" }), make("a", { href, title: name, textContent: short }));
      }
      return legend;
    }

    // The address of a chart's points, and of the page of its metric.
    aim(figure) {
      const { key } = figure.dataset;
      const link = figure.querySelector("a");
      const query = new URLSearchParams(state.means.length ? { key } : { key, runs: this.ids.join() });
      if (state.means.length || !this.ids.length) link.removeAttribute("href");
      else link.href = state.applied(`${this.dataset.metric}?${query}`);
      link.toggleAttribute("data-chart-link", link.hasAttribute("href"));
      const chart = figure.querySelector("line-chart");
      const source = `${this.dataset.points}?${query}`;
      if (chart && chart.getAttribute("source") === source) chart.refresh(); // other runs of the same groups
      else chart?.setAttribute("source", source);
      return source;
    }

    // What figures need: a button that pins, and to be watched.
    dress() {
      for (const figure of this.querySelectorAll("figure:not(:has(.pin))")) {
        const pinned = figure.closest(".pinned") !== null;
        const pin = make("button", { type: "button", className: "plain pin", title: "Keep on top" });
        pin.setAttribute("aria-label", `Pin ${figure.dataset.key}`);
        pin.setAttribute("aria-pressed", String(pinned));
        figure.querySelector("figcaption").append(pin);
        this.aim(figure);
      }
      load(this.dataset.library).then(() => {
        if (this.isConnected) for (const figure of this.querySelectorAll("figure")) this.seen.observe(figure);
      });
    }

    sight(entries) {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !target.isConnected || target.querySelector("line-chart") || !this.ids.length) continue;
        const chart = make("line-chart");
        chart.setAttribute("aria-label", target.dataset.key);
        chart.setAttribute("source", this.aim(target));
        target.append(chart);
      }
    }

    clicked({ target }) {
      const pin = target.closest(".pin");
      if (pin) this.pin(pin.closest("figure"), pin);
      const { from } = target.dataset;
      if (from === undefined) return;
      write({ charts_from: from === "0" ? [] : [from] });
      this.turn();
    }

    // To the top, or back to its place.
    pin(figure, button) {
      const { key } = figure.dataset;
      const pins = all("charts_pin").filter((other) => other !== key);
      const pinned = button.getAttribute("aria-pressed") !== "true";
      if (pinned && pins.length >= MOST_PINS) return void (this.querySelector("[role=status]").textContent = `${MOST_PINS} charts are pinned: take one down first`);
      if (pinned) pins.push(key);
      write({ charts_pin: pins });
      this.keepView();
      figure.querySelector("line-chart")?.remove(); // another one is made where the figure goes
      this.seen.unobserve(figure);
      const top = this.querySelector(".pinned");
      const group = key.includes("/") ? key.split("/")[0] : ".";
      const home = pinned ? top : this.querySelector(`[data-group="${CSS.escape(group)}"]`);
      const figures = home ? [...home.querySelectorAll("figure")] : [];
      const next = pinned ? null : figures.find((other) => other.dataset.key > key);
      if (home) home.querySelector(".charts").insertBefore(figure, next ?? null);
      else figure.remove();
      top.hidden = !pins.length;
      button.setAttribute("aria-pressed", String(pinned));
      if (home) this.seen.observe(figure);
      if (home?.open) button.focus({ preventScroll: true });
    }

    fold(group) {
      const { group: name } = group.dataset;
      const folds = all("charts_fold").filter((other) => other !== name);
      const usual = name !== "system";
      if (group.open !== usual) folds.push(name);
      if (folds.join() === all("charts_fold").join()) return;
      write({ charts_fold: folds });
      this.keepView();
    }

    search() {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => {
        const [text, pattern] = [this.querySelector("[type=search]"), this.querySelector(".key-search [type=checkbox]")];
        write({ charts_find: text.value.trim() ? [text.value.trim()] : [], charts_pattern: pattern.checked ? ["1"] : [], charts_from: [] });
        this.turn();
      }, TYPING_MS);
    }

    // The metrics that the address names now.
    async turn() {
      const address = location.href;
      const now = await this.fetched(address);
      if (!now || address !== location.href) return;
      this.replace(now);
      this.showView(now);
      this.querySelector("[type=search]").toggleAttribute("aria-invalid", this.querySelector("#metric-groups .error") !== null);
    }

    replace(now) {
      const groups = this.querySelector("#metric-groups");
      for (const figure of groups.querySelectorAll("figure")) this.seen.unobserve(figure);
      const inside = groups.contains(document.activeElement);
      groups.replaceWith(document.adoptNode(now.querySelector("#metric-groups")));
      this.dress();
      if (inside) this.querySelector("[type=search]").focus({ preventScroll: true });
    }

    // A page, even one that says what is wrong with an expression.
    async fetched(address) {
      try {
        const answer = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
        return new DOMParser().parseFromString(await answer.text(), "text/html");
      } catch {
        return null; // the server is away: what is shown stays
      }
    }

    // Whether what is on screen is still what a saved view shows is for the server to say.
    keepView() {
      if (!all("saved").some((view) => view !== "none")) return;
      clearTimeout(this.later);
      this.later = setTimeout(async () => {
        const now = await this.fetched(location.href);
        if (now) this.showView(now);
      }, 2 * TYPING_MS);
    }

    showView(now) {
      const [views, next] = [document, now].map((page) => page.querySelector(".views"));
      if (!views || !next || views.querySelector("[open]") || views.contains(document.activeElement)) return;
      views.replaceWith(document.adoptNode(next));
      window.htmx?.process(document.querySelector(".views"));
    }

    // The page was asked for again as runs were written: other runs, other metrics, and more points.
    follow(now) {
      const next = now.querySelector("charts-panel");
      if (!next) return;
      const { runs, rows, selected, lines } = next.dataset;
      if ([runs, rows, selected, lines].join() !== this.sent) {
        this.read(next.dataset);
        document.dispatchEvent(new CustomEvent("runs-wanted"));
      }
      const keys = (page) => [...page.querySelectorAll("#metric-groups figure")].map((figure) => figure.dataset.key).join("\n");
      if (keys(this) !== keys(next) && !this.querySelector("#metric-groups :focus, #metric-groups details.menu[open]")) this.replace(now);
      if (this.waits) return;
      this.waits = setTimeout(() => {
        this.waits = 0;
        for (const chart of this.querySelectorAll("line-chart")) if (chart.inSight) chart.refresh();
      }, Math.max(0, (this.refreshed ?? -LIVE_MS) + LIVE_MS - performance.now()));
      this.refreshed = performance.now();
    }
  },
);
