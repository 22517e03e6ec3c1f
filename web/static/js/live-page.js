// <live-page seconds>: while a run is being written, the parts of its page marked data-live are kept up to date.

customElements.define(
  "live-page",
  class extends HTMLElement {
    connectedCallback() {
      const pause = Number(this.getAttribute("seconds")) * 1000;
      this.timer = setInterval(() => document.visibilityState === "visible" && this.update(), pause);
    }

    disconnectedCallback() {
      clearInterval(this.timer);
    }

    async update() {
      let fresh;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (!answer.ok) return;
        fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      } catch {
        return; // the server is away: the next turn asks again
      }
      for (const part of document.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(part.id);
        if (now && part.take) part.take(now);
        else if (now && now.innerHTML !== part.innerHTML) this.replace(part, document.adoptNode(now));
      }
      this.updateCharts(fresh);
      // the last of what a run leaves behind may arrive after its end: one more turn
      if (!fresh.querySelector("live-page")) this.ended ? this.remove() : (this.ended = true);
    }

    replace(part, now) {
      const focused = part.contains(document.activeElement) && document.activeElement;
      const link = focused && focused.getAttribute("href");
      if (focused && !link) return; // the user is typing here
      const scrolled = [...part.querySelectorAll("[data-keep-scroll]")].map((box) => box.scrollTop);
      part.replaceWith(now);
      [...now.querySelectorAll("[data-keep-scroll]")].forEach((box, at) => (box.scrollTop = scrolled[at] ?? 0));
      if (link) [...now.querySelectorAll("a")].find((other) => other.getAttribute("href") === link)?.focus({ preventScroll: true });
    }

    updateCharts(fresh) {
      const charts = document.getElementById("charts");
      if (!charts) {
        const first = fresh.getElementById("charts");
        if (first) document.getElementById("metrics-card").after(document.adoptNode(first));
        return;
      }
      const known = new Set([...charts.querySelectorAll("line-chart")].map((chart) => chart.getAttribute("source")));
      for (const chart of charts.querySelectorAll("line-chart")) chart.refresh();
      for (const figure of fresh.querySelectorAll("#charts > figure")) {
        if (!known.has(figure.querySelector("line-chart").getAttribute("source"))) charts.append(document.adoptNode(figure));
      }
    }
  },
);
