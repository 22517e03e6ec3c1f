// The menus that rename and move runs: what will come of it, before it is done.
import { get, post } from "./store.js";

const MOST_SHOWN = 5;
const chosen = () => {
  const here = [...document.querySelectorAll("input[name=runs]:checked")].map((box) => box.value);
  const others = (new URLSearchParams(location.search).get("chosen") ?? "").split(",").filter(Boolean);
  return [...new Set([...here, ...others])];
};

// Asks a while after the last key, and only once at a time.
class Asking extends HTMLElement {
  connectedCallback() {
    if (this.ready) return;
    this.ready = true;
    this.addEventListener("input", () => this.soon());
    this.closest("details").addEventListener("toggle", () => this.soon());
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const asked = (this.asked = Symbol());
      const answer = await this.ask().catch((problem) => ({ problem: problem.message }));
      if (asked === this.asked) this.show(answer);
    }, 150);
  }
}

customElements.define(
  "rename-runs",
  class extends Asking {
    async ask() {
      const run_ids = chosen().slice(0, MOST_SHOWN);
      if (!run_ids.length) return { problem: "Tick some runs to see the names they would get." };
      const fields = Object.fromEntries(["template", "find", "replace"].map((name) => [name, this.querySelector(`[name=${name}]`).value]));
      return post("runyard/runs/preview-names", { run_ids, ...fields });
    }

    show({ names = [], problem }) {
      this.list ??= this.appendChild(Object.assign(document.createElement("ul"), { className: "preview-names", ariaLive: "polite" }));
      const lines = names.map(({ before, after, problem: wrong }) => {
        const line = document.createElement("li");
        line.append(`${before} → `, Object.assign(document.createElement(after ? "b" : "span"), { textContent: after ?? wrong, className: after ? "" : "bad" }));
        return line;
      });
      if (problem) lines.push(Object.assign(document.createElement("li"), { textContent: problem, className: chosen().length ? "bad" : "soft" }));
      const more = chosen().length - names.length;
      if (names.length && more > 0) lines.push(Object.assign(document.createElement("li"), { textContent: `and ${more} more`, className: "soft" }));
      this.list.replaceChildren(...lines);
    }
  },
);

customElements.define(
  "move-runs",
  class extends Asking {
    async ask() {
      const text = this.querySelector("input").value.trim().replaceAll(/['"%_\\]/g, "_");
      return get("mlflow/experiments/search", { max_results: 20, ...(text ? { filter: `name ILIKE '%${text}%'` } : {}) });
    }

    show({ experiments = [] }) {
      this.querySelector("datalist").replaceChildren(...experiments.map(({ name, experiment_id }) => Object.assign(document.createElement("option"), { value: name, label: `Id ${experiment_id}` })));
    }
  },
);
