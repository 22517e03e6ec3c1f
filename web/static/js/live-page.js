// <live-page events seconds>: while runs are being written, the parts of their page marked data-live are kept up to date;
// one marked data-live="once" until it has something in it. It also asks every `also` seconds, for what no event tells of.
// `runs` names the runs whose page it is; without `events` the page asks every so many seconds, as for what files hold.
import { addSwitch, isPaused } from "./live-switch.js";
import { fetchPage, follow } from "./live.js";

const LAST_MS = 3000;
const TURN_MS = 2000; // between two looks at the page, which brings the newest point of charts along
const LONGEST_TURN_MS = 8000; // between two turns of charts: longer each time, while all of them keep moving
const CHARTS_A_TURN = 3; // with many charts in sight each is asked for more seldom
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
      this.stale = new Set();
      this.turned = -Infinity;
      [this.turns, this.shown] = [0, 0]; // pages that were asked for, and which of them is shown
      // once the page is drawn: to look what was paused takes turns of the browser's other process
      const begin = () => this.isConnected && (this.stop = addSwitch(() => this.follow()));
      if (document.readyState === "complete") begin();
      else addEventListener("load", () => setTimeout(begin), { once: true });
    }

    disconnectedCallback() {
      this.stop?.();
      clearTimeout(this.turning);
    }

    follow() {
      const pause = Number(this.getAttribute("seconds")) * 1000;
      const events = this.getAttribute("events");
      const runs = new Set((this.getAttribute("runs") ?? "").split(","));
      // a run without an id is new: it may be one below this run
      const concerns = (changed) => !changed.length || changed.some((id) => runs.has(id)) || document.querySelector("#steps nav") !== null;
      const end = events ? follow(events, (generation) => this.update(generation), { pollMs: pause, gapMs: TURN_MS, busy: () => true, concerns }) : () => {};
      const often = events ? Number(this.getAttribute("also")) * 1000 : pause;
      const timer = often && setInterval(() => document.visibilityState === "visible" && this.update().catch(() => {}), often);
      return () => {
        end();
        clearInterval(timer);
      };
    }

    async update(generation) {
      const turn = ++this.turns;
      const fresh = await fetchPage(location.href, generation);
      if (!fresh || !this.isConnected || isPaused() || turn < this.shown) return; // what is shown is newer
      this.shown = turn;
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

    // Charts whose points are old are asked for again, a few at a time; the more often they change, the longer until the next turn.
    turnCharts(all) {
      clearTimeout(this.turning);
      const now = performance.now();
      const early = all ? 0 : this.turned + this.pause - now;
      if (early > 0) return void (this.turning = setTimeout(() => this.turnCharts(), early));
      const some = [...this.stale].filter((chart) => chart.isConnected && (all || inSight(chart))).slice(0, all ? Infinity : CHARTS_A_TURN);
      if (some.length) {
        this.pause = now - this.turned > 2 * LONGEST_TURN_MS ? TURN_MS : Math.min(LONGEST_TURN_MS, 2 * this.pause);
        this.turned = now;
      }
      for (const chart of some) {
        this.stale.delete(chart);
        chart.refresh();
      }
      this.turning = this.stale.size && setTimeout(() => this.turnCharts(), some.length ? this.pause : TURN_MS);
    }

    // Charts go on to their latest points; those in sight are asked for again, and in the end all of them.
    updateCharts(fresh, last) {
      const states = new Map([...fresh.querySelectorAll("line-chart")].map((chart) => [chart.getAttribute("source"), chart.getAttribute("state")]));
      for (const chart of document.querySelectorAll("line-chart")) {
        const now = states.get(chart.getAttribute("source"));
        if (now === chart.getAttribute("state")) continue;
        if (now) chart.setAttribute("state", now);
        chart.goOn?.(now);
        this.stale.add(chart);
      }
      if (last || !this.turning) this.turnCharts(last);
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
