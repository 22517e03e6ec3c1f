// The table of runs: choosing rows, and the panel of columns.

customElements.define(
  "run-selection",
  class extends HTMLElement {
    connectedCallback() {
      this.form = this.closest("form");
      this.all = this.form.querySelector("#all-runs");
      this.all.hidden = false;
      this.last = null;
      this.form.addEventListener("click", (event) => this.clicked(event));
      this.form.addEventListener("change", () => this.show());
      this.form.addEventListener("submit", (event) => this.shorten(event));
      addEventListener("pageshow", () => this.show());
      this.show();
    }

    get boxes() {
      return [...this.form.querySelectorAll("input[name=runs]")];
    }

    clicked(event) {
      const box = event.target;
      if (box === this.all) for (const each of this.boxes) each.checked = box.checked;
      if (box.name !== "runs") return;
      const boxes = this.boxes;
      if (event.shiftKey && this.last && boxes.includes(this.last)) {
        const [from, to] = [boxes.indexOf(this.last), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
      }
      this.last = box;
      this.show();
    }

    show() {
      const boxes = this.boxes;
      const chosen = boxes.filter((box) => box.checked).length;
      for (const button of this.querySelectorAll("button")) button.disabled = chosen < Number(button.dataset.needs);
      this.querySelector("output").textContent = chosen ? `${chosen} chosen` : "Tick two runs or more to compare";
      this.all.checked = chosen > 0 && chosen === boxes.length;
      this.all.indeterminate = chosen > 0 && chosen < boxes.length;
    }

    shorten(event) {
      if (event.submitter?.formMethod === "post") return;
      event.preventDefault();
      const ids = this.boxes.filter((box) => box.checked).map((box) => encodeURIComponent(box.value));
      location.href = `${this.form.action}?runs=${ids.join(",")}`;
    }
  },
);

customElements.define(
  "column-panel",
  class extends HTMLElement {
    connectedCallback() {
      if (this.querySelectorAll("input[name=col]").length < 12) return;
      const search = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find a column" });
      search.setAttribute("aria-label", "Find a column");
      search.addEventListener("input", () => {
        const text = search.value.toLowerCase();
        for (const label of this.querySelectorAll(".columns label")) label.hidden = !label.textContent.toLowerCase().includes(text);
      });
      search.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
      this.querySelector("p").append(search);
    }
  },
);
