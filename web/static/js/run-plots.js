// <run-plots>: plots over all runs that match, not only those of the page: which stand there, and the runs they are of.
//
// Attribute `data-config`: what the server says of the view, as RunPlots in src/runyard/ui/parts/run_plots.py has it. The
// pictures are drawn by a library that is loaded with the first of them.
import { make } from "./elements.js";
import { PlotCard } from "./plot-card.js";
import { begun } from "./plot-fields.js";
import { KINDS, MOST_PLOTS, brushed, forgetRanges, readPlots, writePlots } from "./plot-state.js";
import { forgetValues, sampleText } from "./plot-values.js";

const EVERY = 10000; // ms between two drawings of what comes while one looks

customElements.define(
  "run-plots",
  class extends HTMLElement {
    connectedCallback() {
      this.config = JSON.parse(this.dataset.config);
      this.cards = [];
      this.list = make("div", { className: "run-plot-list" });
      this.status = make("p", { className: "soft", id: "plots-sample" });
      this.buttons = make("div", { className: "row plot-kinds", role: "group" });
      this.buttons.setAttribute("aria-label", "Add a plot");
      for (const [kind, text] of Object.entries(KINDS)) {
        const button = make("button", { type: "button", className: "button", textContent: text });
        button.dataset.kind = kind;
        button.addEventListener("click", () => this.add(begun(this.config, kind)));
        this.buttons.append(button);
      }
      this.replaceChildren(this.buttons, this.status, this.list);
      this.onTheme = () => this.cards.forEach((card) => card.draw());
      document.addEventListener("themechange", this.onTheme);
      this.onFetched = ({ detail }) => this.follow(detail);
      document.addEventListener("page-fetched", this.onFetched);
      this.renewed = -EVERY;
      forgetRanges(this.config.filter);
      for (const plot of readPlots()) this.place(plot);
      this.check();
    }

    disconnectedCallback() {
      document.removeEventListener("themechange", this.onTheme);
      document.removeEventListener("page-fetched", this.onFetched);
      clearTimeout(this.later);
      for (const card of this.cards) card.end();
      this.cards = [];
    }

    // Runs have come or changed: plots follow, but not under somebody's hands.
    follow(page) {
      const next = page.querySelector("run-plots");
      if (next) this.config = JSON.parse(next.dataset.config);
      clearTimeout(this.later);
      if (next) this.later = setTimeout(() => this.renew(), Math.max(0, this.renewed + EVERY - performance.now()));
    }

    renew() {
      this.renewed = performance.now();
      if (this.matches(":hover") || this.contains(document.activeElement)) {
        this.later = setTimeout(() => this.renew(), EVERY);
        return;
      }
      forgetValues();
      for (const card of this.cards) if (card.plot.kind !== "matters") card.draw();
    }

    // The filter before ranges were brushed, and these.
    get ranges() {
      return brushed(this.config.filter);
    }

    place(plot) {
      const card = new PlotCard(this, plot);
      this.cards.push(card);
      this.list.append(card.element);
      card.draw();
      return card;
    }

    add(plot) {
      if (this.cards.length >= MOST_PLOTS) return;
      const card = this.place(plot);
      this.write();
      this.check();
      card.element.querySelector("select")?.focus({ preventScroll: true });
      card.element.scrollIntoView({ block: "nearest" });
    }

    remove(card) {
      const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
      this.cards = this.cards.filter((each) => each !== card);
      card.end();
      this.write();
      this.check();
      (next?.querySelector(".close") ?? this.buttons.firstElementChild).focus();
    }

    write() {
      writePlots(this.cards.map((card) => card.plot));
    }

    check() {
      for (const button of this.buttons.children) button.disabled = this.cards.length >= MOST_PLOTS;
      if (!this.cards.length) this.status.textContent = "";
    }

    sampled(values) {
      this.status.textContent = sampleText(values);
    }
  },
);
