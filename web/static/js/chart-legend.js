// <chart-legend data-runs>: the runs of the charts of a page, from a list with links that the server wrote.
//
// `data-runs` is what `state.setRuns` of chart-state.js takes, as JSON. A click on a run's mark hides or shows it, "only" shows it
// alone; pointing at a run lets it stand out in all charts, and in tables whose rows or heads have `data-run`.
import { state } from "./chart-state.js";
import { outline } from "./looks.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(look, shown) {
  const svg = document.createElementNS(SVG, "svg");
  const add = (name, attributes) => {
    const element = svg.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  };
  for (const [key, value] of Object.entries({ width: 26, height: 14, viewBox: "0 0 26 14", "aria-hidden": "true" })) svg.setAttribute(key, value);
  add("path", { d: "M1 7H25", stroke: look.stroke, "stroke-width": 2, "stroke-dasharray": look.dash.join(" "), opacity: shown ? 1 : 0.25 });
  if (shown) add("polygon", { points: outline(look.shape, 13, 7, 3.8).map((corner) => corner.map((part) => part.toFixed(1)).join()).join(" "), stroke: look.stroke, fill: look.filled ? look.stroke : "var(--ground)" });
  return svg;
}

customElements.define(
  "chart-legend",
  class extends HTMLElement {
    connectedCallback() {
      if (this.show) return;
      this.read(this.dataset.runs);
      const button = (className, text) => Object.assign(document.createElement("button"), { type: "button", className, textContent: text });
      for (const row of this.querySelectorAll("li[data-run]")) {
        const [mark, only] = [button("plain mark-button", ""), button("plain only", "only")];
        row.querySelector(".mark")?.replaceWith(mark);
        const name = row.querySelector("a").textContent;
        mark.title = "Hide or show";
        mark.setAttribute("aria-label", `Show ${name}`);
        only.setAttribute("aria-label", `Show only ${name}`);
        row.append(Object.assign(document.createElement("span"), { className: "soft group" }), only);
        mark.addEventListener("click", () => state.show(row.dataset.run, state.settings.hidden.has(row.dataset.run)));
        only.addEventListener("click", () => state.solo(row.dataset.run));
        row.addEventListener("focusin", () => state.highlight(row.dataset.run));
        row.addEventListener("focusout", () => state.highlight(null));
      }
      const all = this.querySelector("ul")?.appendChild(document.createElement("li"));
      this.all = all?.appendChild(button("plain show-all", "Show all"));
      this.all?.addEventListener("click", () => state.set({ hidden: new Set() }));
      this.show = () => this.paint();
      for (const name of ["change", "runs"]) state.addEventListener(name, this.show);
      document.addEventListener("themechange", this.show);
      this.paint();
      state.write();
    }

    disconnectedCallback() {
      for (const name of ["change", "runs"]) state.removeEventListener(name, this.show);
      document.removeEventListener("themechange", this.show);
      this.show = null;
    }

    // What the server says now, for a page that is kept up to date.
    take(now) {
      if (now.dataset.runs !== this.sent) this.read(now.dataset.runs);
    }

    read(text) {
      this.sent = text;
      state.setRuns(JSON.parse(text || "[]"));
    }

    paint() {
      const { hidden, colour } = state.settings;
      for (const row of this.querySelectorAll("li[data-run]")) {
        const id = row.dataset.run;
        const shown = !hidden.has(id);
        row.classList.toggle("away", !shown);
        const mark = row.querySelector(".mark-button");
        mark.setAttribute("aria-pressed", String(shown));
        mark.replaceChildren(drawn(state.look(id), shown));
        row.querySelector(".group").textContent = colour === "run" ? "" : `${colour.replace(/^\w+\./, "")} ${state.runs.get(id)?.values?.[colour] ?? "–"}`;
      }
      if (this.all) this.all.hidden = !hidden.size;
    }
  },
);
