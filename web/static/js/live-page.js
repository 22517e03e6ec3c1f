// <live-page events seconds>: while runs are being written, the parts of their page marked data-live are kept up to date;
// one marked data-live="once" until it has something in it.
// `runs` names the runs whose page it is; without `events` the page asks every so many seconds, as for what files hold.
import { fetchPage, follow } from "./live.js";

const LAST_MS = 3000;
const NEAR = 200; // pixels around the window in which charts are drawn

function inSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -NEAR && top < innerHeight + NEAR;
}

// What the reader has opened and scrolled stays so.
function keepState(part, now) {
  const boxes = (root) => [...root.querySelectorAll("[data-keep-scroll]")];
  const scrolled = boxes(part).map((box) => [box.scrollLeft, box.scrollTop]);
  const opened = new Set([...part.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent));
  part.replaceWith(now);
  for (const summary of now.querySelectorAll("details > summary")) if (opened.has(summary.textContent)) summary.parentElement.open = true;
  for (const [at, box] of boxes(now).entries()) [box.scrollLeft, box.scrollTop] = scrolled[at] ?? [0, 0];
}

customElements.define(
  "live-page",
  class extends HTMLElement {
    connectedCallback() {
      this.sent = new Map();
      const pause = Number(this.getAttribute("seconds")) * 1000;
      const events = this.getAttribute("events");
      const runs = new Set((this.getAttribute("runs") ?? "").split(","));
      // a run without an id is new: it may be one below this run
      const concerns = (changed) => !changed.length || changed.some((id) => runs.has(id)) || document.querySelector("#steps nav") !== null;
      if (events) {
        this.stop = follow(events, (generation) => this.update(generation), { pollMs: pause, gapMs: 2000, busy: () => true, concerns });
      } else {
        const timer = setInterval(() => document.visibilityState === "visible" && this.update().catch(() => {}), pause);
        this.stop = () => clearInterval(timer);
      }
    }

    disconnectedCallback() {
      this.stop();
    }

    async update(generation) {
      const fresh = await fetchPage(location.href, generation);
      if (!fresh || !this.isConnected) return;
      for (const part of document.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(part.id);
        if (part.dataset.live === "once" && part.childElementCount) continue;
        if (now && part.take) part.take(now);
        else if (now) this.replace(part, document.adoptNode(now));
      }
      // the last of what a run leaves behind may arrive after its end: one more turn
      const last = !fresh.querySelector("live-page");
      this.updateCharts(fresh, last);
      if (last && this.ended) this.remove();
      else if (last) setTimeout(() => this.update(), LAST_MS);
      this.ended = last;
    }

    replace(part, now) {
      const { innerHTML } = now;
      if (innerHTML === (this.sent.get(part.id) ?? part.innerHTML)) return;
      const focused = part.contains(document.activeElement) && document.activeElement;
      const link = focused && focused.getAttribute("href");
      if ((focused && !link) || part.querySelector("details.menu[open]")) return; // the reader writes here
      this.sent.set(part.id, innerHTML);
      keepState(part, now);
      if (link) [...now.querySelectorAll("a")].find((other) => other.getAttribute("href") === link)?.focus({ preventScroll: true });
    }

    updateCharts(fresh, all) {
      for (const chart of document.querySelectorAll("line-chart")) if (all || inSight(chart)) chart.refresh();
      const [charts, found] = [document.getElementById("charts"), fresh.getElementById("charts")];
      if (!found) return;
      if (!charts) return document.getElementById("metrics-card")?.after(document.adoptNode(found));
      const known = new Set([...charts.querySelectorAll("line-chart")].map((chart) => chart.getAttribute("source")));
      for (const figure of found.querySelectorAll("figure")) {
        if (!known.has(figure.querySelector("line-chart").getAttribute("source"))) charts.append(document.adoptNode(figure));
      }
    }
  },
);
