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
        if (now && now.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(now));
      }
      this.updateCharts(fresh);
      if (!fresh.querySelector("live-page")) this.remove();
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
