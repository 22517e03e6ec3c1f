// The panel of columns: finds any column by a part of its name.
customElements.define(
  "column-panel",
  class extends HTMLElement {
    connectedCallback() {
      if (this.querySelectorAll("input[name=col]").length < 12) return;
      const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find a column" });
      search.setAttribute("aria-label", "Find a column");
      search.addEventListener("input", () => {
        const text = search.value.trim().toLowerCase();
        for (const label of this.querySelectorAll(".columns label")) label.hidden = !label.textContent.toLowerCase().includes(text);
        for (const set of this.querySelectorAll(".offers:not(.further)")) set.hidden = !set.querySelector("label:not([hidden])");
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.findMore(text), 150);
      });
      search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
      this.querySelector("p").append(search);
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
      this.asking?.abort();
    }

    // Columns that are not among those offered: runs may have thousands of keys.
    async findMore(text) {
      this.asking?.abort();
      for (const label of this.querySelectorAll(".further label:not(:has(:checked))")) label.remove();
      if (!text) return this.showFurther(false);
      this.asking = new AbortController();
      try {
        const answer = await fetch(`${this.dataset.keys}?text=${encodeURIComponent(text)}`, { signal: this.asking.signal });
        if (!answer.ok) return;
        const { keys, more } = await answer.json();
        const known = new Set([...this.querySelectorAll("input[type=checkbox]")].map((box) => box.value));
        const labels = (keys ?? []).filter((key) => !known.has(key)).map((key) => {
          const label = Object.assign(document.createElement("label"), { className: "check" });
          label.append(Object.assign(document.createElement("input"), { type: "checkbox", name: "col", value: key }), key);
          return label;
        });
        this.querySelector(".further .columns").append(...labels);
        this.showFurther(more);
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }

    showFurther(more) {
      const further = this.querySelector(".further");
      further.hidden = !further.querySelector("label") && !more;
      further.querySelector("small").hidden = !more;
    }
  },
);
