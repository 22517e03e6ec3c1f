// The panel of columns: finds any column by a part of its name or a regular expression, and puts those shown in order.
customElements.define(
  "column-panel",
  class extends HTMLElement {
    connectedCallback() {
      for (const entry of this.querySelectorAll(".shown li")) this.makeMovable(entry);
      if (this.querySelectorAll("input[name=col]").length < 12) return;
      const made = (tag, traits) => Object.assign(document.createElement(tag), traits);
      const search = made("input", { type: "search", placeholder: "Find a column" });
      const pattern = made("input", { type: "checkbox" });
      const all = made("button", { type: "button", className: "button", textContent: "Tick all found", hidden: true });
      const as = made("label", { className: "check" });
      as.append(pattern, "as a regular expression");
      search.setAttribute("aria-label", "Find a column");
      const find = () => {
        const text = search.value.trim();
        const matches = this.matcher(text, pattern.checked);
        search.setAttribute("aria-invalid", String(!matches));
        for (const label of this.querySelectorAll(".columns label")) {
          label.hidden = !matches?.(label);
          if (label.parentElement.matches("li")) label.parentElement.hidden = label.hidden; // with its buttons
        }
        for (const set of this.querySelectorAll(".offers:not(.further)")) set.hidden = !set.querySelector(".columns label:not([hidden])");
        this.tell(matches ? "" : this.problem);
        all.hidden = !text || !matches;
        clearTimeout(this.timer);
        if (matches) this.timer = setTimeout(() => this.findMore(text, pattern.checked), 150);
      };
      search.addEventListener("input", find);
      pattern.addEventListener("change", find);
      search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
      all.addEventListener("click", () => {
        for (const box of this.querySelectorAll(".offers:not([hidden]) label:not([hidden]) input[type=checkbox]")) box.checked = true;
      });
      this.said = made("p", { className: "soft" });
      this.said.setAttribute("role", "status");
      this.querySelector("p").append(search, as, all);
      this.querySelector("p").after(this.said);
      this.tell("");
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
      this.asking?.abort();
    }

    // What tells whether a column is meant; nothing while an expression is not whole yet.
    matcher(text, asPattern) {
      if (!asPattern) return (label) => label.textContent.toLowerCase().includes(text.toLowerCase());
      try {
        const expression = new RegExp(text);
        return (label) => expression.test(label.querySelector("input").value);
      } catch (error) {
        this.problem = error.message;
        return null;
      }
    }

    tell(text) {
      this.said.textContent = text;
      this.said.hidden = !text;
    }

    // Columns that are not among those offered: runs may have thousands of keys.
    async findMore(text, asPattern) {
      this.asking?.abort();
      for (const label of this.querySelectorAll(".further label:not(:has(:checked))")) label.remove();
      if (!text) return this.showFurther(false);
      this.asking = new AbortController();
      try {
        const query = new URLSearchParams(asPattern ? { text, pattern: "true" } : { text });
        const answer = await fetch(`${this.dataset.keys}?${query}`, { signal: this.asking.signal });
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
        if (!this.querySelector(".columns label:not([hidden])")) this.tell("No column is named like this.");
      } catch (error) {
        if (error.name !== "AbortError") throw error;
      }
    }

    showFurther(more) {
      const further = this.querySelector(".further");
      further.hidden = !further.querySelector("label") && !more;
      further.querySelector("small").hidden = !more;
    }

    // Up and down by buttons, or dragged; the form sends the columns in the order of the list.
    makeMovable(entry) {
      const name = entry.querySelector("label").firstChild.nextSibling.textContent.trim();
      const step = (glyph, what, act) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: glyph });
        button.setAttribute("aria-label", `${name} ${what}`);
        button.addEventListener("click", () => {
          act();
          button.focus();
        });
        entry.append(button);
      };
      step("↑", "up", () => entry.previousElementSibling?.before(entry));
      step("↓", "down", () => entry.nextElementSibling?.after(entry));
      entry.draggable = true;
      entry.addEventListener("dragstart", (event) => {
        this.dragged = entry;
        event.dataTransfer.setData("text/plain", name);
      });
      entry.addEventListener("dragover", (event) => {
        if (!this.dragged || this.dragged === entry) return;
        event.preventDefault();
        const { top, height } = entry.getBoundingClientRect();
        event.clientY < top + height / 2 ? entry.before(this.dragged) : entry.after(this.dragged);
      });
      entry.addEventListener("dragend", () => (this.dragged = null));
    }
  },
);
