// <chart-settings for>: axes and smoothing of a chart, kept in the page's address.

customElements.define(
  "chart-settings",
  class extends HTMLElement {
    connectedCallback() {
      this.hidden = false;
      this.chart = document.getElementById(this.getAttribute("for"));
      const query = new URLSearchParams(location.search);
      this.settings = { x: query.get("x") || "step", y: query.get("y") || "linear", smooth: Number(query.get("smooth")) || 0 };
      this.addEventListener("click", (event) => this.clicked(event.target));
      this.querySelector("[name=smooth]").addEventListener("input", (event) => this.change({ smooth: Number(event.target.value) }));
      this.show();
      customElements.whenDefined("line-chart").then(() => this.chart.change(this.settings));
    }

    clicked(button) {
      if (button.name === "x" || button.name === "y") this.change({ [button.name]: button.value });
      if (button.name === "reset") this.chart.reset();
    }

    change(settings) {
      Object.assign(this.settings, settings);
      const address = new URL(location.href);
      for (const [name, usual] of [["x", "step"], ["y", "linear"], ["smooth", 0]]) {
        if (this.settings[name] === usual) address.searchParams.delete(name);
        else address.searchParams.set(name, this.settings[name]);
      }
      history.replaceState(null, "", address);
      this.chart.change(this.settings);
      this.show();
    }

    show() {
      for (const button of this.querySelectorAll("[name=x], [name=y]")) {
        button.setAttribute("aria-pressed", String(this.settings[button.name] === button.value));
      }
      this.querySelector("[name=smooth]").value = this.settings.smooth;
      this.querySelector("output").textContent = this.settings.smooth || "none";
    }
  },
);
