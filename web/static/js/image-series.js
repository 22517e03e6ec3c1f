// <image-series source key state>: the pictures that runs logged under a key, beside each other at one step.
// `source` answers with the pictures of one key. With `state` the page's address follows key and step.

const LARGE = 1_000_000; // bytes of a picture that is not loaded before it is asked for

const made = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// The pictures of a run at a step: those of the step itself, else of the last one before it.
export function shotsAt(pictures, step) {
  let at = null;
  for (const [each] of pictures) if (each <= step && (at === null || each > at)) at = each;
  return at === null ? [] : pictures.filter(([each]) => each === at);
}

const sized = (bytes) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`);

customElements.define(
  "image-series",
  class extends HTMLElement {
    connectedCallback() {
      if (this.begun) return;
      this.begun = true;
      const asked = new URL(location.href).searchParams;
      this.key = (this.hasAttribute("state") && asked.get("key")) || this.getAttribute("key") || "";
      this.wanted = this.hasAttribute("state") && asked.has("step") ? Number(asked.get("step")) : null;
      const seen = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        this.load();
      }, { rootMargin: "200px" });
      seen.observe(this);
    }

    async load() {
      const turn = (this.turn = (this.turn ?? 0) + 1);
      const address = new URL(this.getAttribute("source"), location.href);
      if (this.key) address.searchParams.set("key", this.key);
      let found;
      try {
        const answer = await fetch(address);
        found = await answer.json();
        if (!answer.ok) throw new Error(found.message);
      } catch (error) {
        if (turn === this.turn) this.replaceChildren(made("p", { className: "error", textContent: `The images cannot be read: ${error.message}` }));
        return;
      }
      if (turn === this.turn) this.build(found);
    }

    build(found) {
      this.found = found;
      this.key = found.key;
      if (!found.keys.length) {
        this.replaceChildren(...found.errors.map((textContent) => made("p", { className: "error", textContent })), made("p", { className: "empty-line", textContent: "No images were logged under a key." }));
        return;
      }
      const at = this.wanted === null ? found.steps.length - 1 : found.steps.findLastIndex((step) => step <= this.wanted);
      this.slider = made("input", { type: "range", min: 0, max: found.steps.length - 1, step: 1 });
      this.slider.value = Math.max(0, at);
      this.slider.setAttribute("aria-label", "Step");
      this.slider.disabled = found.steps.length < 2;
      this.where = made("output", { className: "soft" });
      this.whole = made("input", { type: "checkbox", checked: this.whole?.checked ?? false });
      this.slider.addEventListener("input", () => this.show());
      this.slider.addEventListener("change", () => this.keep());
      this.whole.addEventListener("change", () => this.show());
      const tools = made("div", { className: "tools" });
      if (found.keys.length > 1) tools.append(made("label", { className: "row" }, "Images ", this.choice(found)));
      tools.append(made("label", { className: "row wide" }, "Step ", this.slider), this.where, made("label", { className: "check" }, this.whole, "Full size"));
      this.grid = made("div", { className: "pictures" });
      for (const run of found.runs) {
        const name = made("a", { href: run.href, textContent: run.name });
        const mark = made("i", { className: `mark c${run.look % 10} s${Math.floor(run.look / 10)}` });
        const figure = made("figure", { className: "card" }, made("figcaption", {}, mark, name, made("span", { className: "soft" })), made("div", { className: "shots" }));
        figure.dataset.run = run.id;
        this.grid.append(figure);
      }
      const notes = found.errors.map((textContent) => made("p", { className: "error", textContent }));
      if (found.left_out) notes.push(made("p", { className: "soft", textContent: `${found.steps.length.toLocaleString("en")} of ${(found.steps.length + found.left_out).toLocaleString("en")} steps are shown.` }));
      this.replaceChildren(tools, ...notes, this.grid);
      this.show();
    }

    choice(found) {
      const select = made("select", {}, ...found.keys.map((key) => made("option", { textContent: key, selected: key === found.key })));
      select.addEventListener("change", async () => {
        this.wanted = this.step;
        this.key = select.value;
        await this.load();
        this.keep();
        this.querySelector("select")?.focus();
      });
      return select;
    }

    get step() {
      return this.found.steps[Number(this.slider.value)];
    }

    show() {
      const { step, found } = this;
      const text = `${step} (${Number(this.slider.value) + 1} of ${found.steps.length})`;
      this.where.textContent = text;
      this.slider.setAttribute("aria-valuetext", `step ${text}`);
      for (const [place, figure] of [...this.grid.children].entries()) this.fill(figure, found.runs[place], step);
    }

    fill(figure, run, step) {
      const shots = shotsAt(run.pictures, step);
      const [caption, box] = figure.children;
      caption.lastChild.textContent = shots.length ? `step ${shots[0][0]}` : "none yet";
      figure.classList.toggle("earlier", shots.length > 0 && shots[0][0] !== step);
      const addresses = shots.map((shot) => this.address(run, shot));
      const shown = [...box.querySelectorAll("a")];
      while (shown.length > addresses.length) shown.pop().remove();
      for (const [at, { source, page, bytes }] of addresses.entries()) {
        let link = shown[at];
        if (!link) {
          link = made("a", {}, made("img", { decoding: "async" }));
          box.append(link);
        }
        link.href = page;
        const image = link.querySelector("img") ?? made("img", { decoding: "async" });
        const alt = `${this.key} of ${run.name} at step ${shots[at][0]}`;
        if (!source) {
          link.replaceChildren(`${alt}: ${sized(bytes)}. Open it to see it.`);
          continue;
        }
        image.alt = alt;
        if (image.getAttribute("src") !== source) image.src = source;
        if (image.parentNode !== link) link.replaceChildren(image);
      }
    }

    address(run, [, path, small, bytes]) {
      const whole = this.whole.checked || (!small && bytes <= LARGE);
      const shown = whole ? path : small;
      const named = (address, name) => `${address}${address.includes("?") ? "&" : "?"}path=${encodeURIComponent(name)}`;
      return { source: shown && named(run.files, shown), page: named(run.page, path), bytes };
    }

    keep() {
      if (!this.hasAttribute("state")) return;
      const address = new URL(location.href);
      address.searchParams.set("key", this.key);
      address.searchParams.set("step", this.step);
      history.replaceState(history.state, "", address);
    }
  },
);
