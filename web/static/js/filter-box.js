// The box of a filter: completes keys, comparators and values, and offers recent filters while it is empty.
const recentOf = (of) => `runyard-recent-filters${of === "runs" ? "" : `-${of}`}`;
const MOST_RECENT = 20;
const PAUSE = 120;
const PLAIN = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}\p{N}_]+)*$/u; // keys that filters need no quotes for

function recent(of) {
  try {
    return JSON.parse(localStorage.getItem(recentOf(of)) ?? "[]").filter((text) => typeof text === "string");
  } catch {
    return []; // none can be kept here, or something else was
  }
}

function remember(of, text) {
  if (!text) return;
  try {
    localStorage.setItem(recentOf(of), JSON.stringify([text, ...recent(of).filter((other) => other !== text)].slice(0, MOST_RECENT)));
  } catch {
    // the browser keeps nothing: filters are not offered again
  }
}

// Keys of the runs that are shown come first: the server completes with those of all runs. Where none begins with what
// is typed, those that hold it are offered.
function withOwn(completions, typed) {
  const [, prefix, begun] = /^(\w+)\.[`"]?(.*)$/s.exec(typed) ?? [];
  if (!prefix) return completions;
  const names = [...document.querySelectorAll("column-panel input[name=col]")].map(({ value }) => value).filter((name) => name.startsWith(`${prefix}.`));
  const keys = [...new Set(names)].map((name) => name.slice(prefix.length + 1));
  const beginning = keys.filter((key) => key.startsWith(begun));
  const own = beginning.length || completions.length ? beginning : keys.filter((key) => key.toLowerCase().includes(begun.toLowerCase()));
  const first = own.map((key) => ({ text: `${prefix}.${PLAIN.test(key) ? key : `\`${key}\``}`, what: prefix.replace(/s$/, "") }));
  const known = new Set(first.map(({ text }) => text));
  return [...first, ...completions.filter(({ text }) => !known.has(text))].slice(0, MOST_RECENT);
}

customElements.define(
  "filter-box",
  class extends HTMLElement {
    connectedCallback() {
      this.input = this.querySelector("input");
      this.list = document.createElement("ul");
      Object.assign(this.list, { id: "filter-options", role: "listbox", hidden: true });
      this.list.setAttribute("aria-label", "Ways to go on");
      this.append(this.list);
      for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id, "aria-expanded": "false" })) {
        this.input.setAttribute(name, value);
      }
      this.input.addEventListener("input", () => this.later());
      this.input.addEventListener("keydown", (event) => this.pressed(event));
      this.input.addEventListener("blur", () => this.close());
      this.list.addEventListener("mousedown", (event) => this.clicked(event));
      this.closest("form").addEventListener("submit", () => (this.input.value = this.input.value.trim()));
      if (!this.input.hasAttribute("aria-invalid")) remember(this.dataset.of, this.input.defaultValue); // it is of what is shown
      if (this.input.value !== this.input.defaultValue) this.later(); // typed while this was loaded
    }

    disconnectedCallback() {
      clearTimeout(this.timer);
      this.asking?.abort();
    }

    later() {
      clearTimeout(this.timer);
      this.close();
      this.timer = setTimeout(() => this.ask(), PAUSE);
    }

    // An answer that comes late is of a text that is not there any more: it is not waited for.
    async ask() {
      const position = this.input.selectionStart;
      if (!this.input.value) return this.offer(0, 0, recent(this.dataset.of).map((text) => ({ text, what: "recent" })));
      this.asking?.abort();
      this.asking = new AbortController();
      try {
        const answer = await fetch(this.dataset.completions, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ filter: this.input.value, position, of: this.dataset.of }),
          signal: this.asking.signal,
        });
        if (answer.ok) {
          const { start, completions } = await answer.json();
          this.offer(start, position, withOwn(completions ?? [], this.input.value.slice(start, position)));
        }
      } catch (error) {
        if (error.name !== "AbortError") this.close(); // the box works without
      }
    }

    offer(start, end, options) {
      const typed = this.input.value.slice(start, end);
      this.options = options.filter(({ text }) => text !== typed);
      [this.start, this.end] = [start, end];
      this.list.replaceChildren(...this.options.map(({ text, what }, place) => this.option(text, what, place)));
      this.list.hidden = !this.options.length;
      this.input.setAttribute("aria-expanded", String(!this.list.hidden));
      this.choose(-1);
    }

    option(text, what, place) {
      const line = document.createElement("li");
      const kind = document.createElement("span");
      kind.textContent = what;
      Object.assign(line, { id: `filter-option-${place}`, role: "option" });
      line.append(text, kind);
      return line;
    }

    choose(place) {
      this.chosen = place;
      for (const [number, line] of [...this.list.children].entries()) line.setAttribute("aria-selected", String(number === place));
      if (place < 0) return this.input.removeAttribute("aria-activedescendant");
      this.input.setAttribute("aria-activedescendant", `filter-option-${place}`);
      this.list.children[place].scrollIntoView({ block: "nearest" });
    }

    pressed(event) {
      if (event.key === "Escape" && !this.list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        this.close();
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (this.list.hidden) return void this.ask();
        const most = this.options.length;
        this.choose(event.key === "ArrowDown" ? (this.chosen + 1) % most : (Math.max(this.chosen, 0) - 1 + most) % most);
      } else if (!this.list.hidden && this.chosen >= 0 && (event.key === "Enter" || event.key === "Tab")) {
        event.preventDefault();
        this.take(this.chosen);
      } else if (event.key === "Enter") {
        clearTimeout(this.timer);
        this.close();
      }
    }

    clicked(event) {
      event.preventDefault(); // the box keeps the focus
      const place = [...this.list.children].indexOf(event.target.closest("li"));
      if (place >= 0) this.take(place);
    }

    take(place) {
      const { text, what } = this.options[place];
      const space = what === "kind" || what === "recent" ? "" : " ";
      const after = this.input.value.slice(this.end);
      this.input.setRangeText(text + (after.startsWith(space) ? "" : space), this.start, this.end, "end");
      this.close();
      if (what !== "recent") this.later();
    }

    close() {
      this.asking?.abort();
      this.options = [];
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }
  },
);
