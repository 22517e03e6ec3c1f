// The panel of groups: completes params and tags that runs of the store have.
customElements.define(
  "group-panel",
  class extends HTMLElement {
    connectedCallback() {
      this.field = this.querySelector("input[type=text]");
      this.field.addEventListener("input", () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.complete(this.field.value.trim()), 150);
      });
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
      this.asking?.abort();
    }

    async complete(typed) {
      this.asking?.abort();
      if (!typed) return;
      this.asking = new AbortController();
      const [, kind, text] = /^(params\.|tags\.)?(.*)$/s.exec(typed);
      try {
        const answer = await fetch(`${this.dataset.keys}?text=${encodeURIComponent(text || ".")}`, { signal: this.asking.signal });
        if (!answer.ok) return;
        const { keys } = await answer.json();
        const offered = (keys ?? []).filter((key) => !key.startsWith("metrics.") && key.startsWith(kind ?? ""));
        this.querySelector("datalist").replaceChildren(...offered.map((key) => Object.assign(document.createElement("option"), { value: key })));
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }
  },
);
