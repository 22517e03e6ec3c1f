// The table of runs: choosing rows on any page.
import { followTable } from "./live-table.js";
import { keepView } from "./runs-view.js";
import "./stars.js";

const MOST_IN_ADDRESS = 100;

// What works on heads is loaded once somebody comes to them, and what finds columns once their panel is open.
const inHead = ({ target }) => target.closest?.("#runs-table thead") && import("./column-heads.js");
for (const event of ["pointerover", "focusin"]) document.addEventListener(event, inHead);
document.addEventListener(
  "click",
  (event) => {
    const link = event.shiftKey && event.target.closest("#runs-table thead a");
    if (!link) return;
    event.preventDefault(); // of another window
    event.stopPropagation();
    import("./column-heads.js").then(({ sortToo, orderOf }) => sortToo(orderOf(link)));
  },
  true,
);
document.addEventListener("click", ({ target }) => {
  const button = target.closest("#runs-table .more"); // may be pressed before what opens its menu is there
  if (button) import("./column-heads.js").then(({ openMenu }) => openMenu(button));
});
const pinColumns = () => document.querySelector("#runs-table[data-pinned]") && import("./column-heads.js");
const drawCharts = () => document.querySelector("charts-panel") && import("./charts-panel.js");
for (const act of [pinColumns, drawCharts]) document.addEventListener("htmx:after:swap", act);
document.addEventListener("page-fetched", drawCharts);
document.addEventListener("toggle", ({ target }) => target.querySelector("column-panel") && import("./column-panel.js"), true);
document.addEventListener("toggle", ({ target }) => target.querySelector("rename-runs, move-runs") && import("./bulk.js"), true);
document.addEventListener("toggle", ({ target }) => target.querySelector("group-panel") && import("./group-panel.js"), true);

// One pencil for all rows: it stands in the row that is pointed at or has the focus.
const pencil = Object.assign(document.createElement("button"), { type: "button", className: "plain pencil", textContent: "✎", title: "Edit name, note and tags (e)" });
pencil.setAttribute("aria-label", "Edit name, note and tags");
pencil.addEventListener("click", () => {
  pencil.focus();
  import("./run-editor.js").then(({ editHere }) => editHere());
});
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, ({ target }) => {
    const row = target.closest?.("#runs-table tbody tr:has([name=star])");
    if (row && pencil.parentElement !== row.children[1]) row.children[1].append(pencil);
  });
}

// A click on a cell, or the arrows and Enter, open its menu; what can be pressed in a cell, or was marked there, is let be.
document.addEventListener("click", ({ target }) => {
  const cell = target.closest?.("#runs-table tbody tr:has([name=runs]) > td:not(:first-child)");
  if (!cell || target.closest("a, button, input, textarea, label") || !getSelection().isCollapsed) return;
  import("./cell-menu.js").then(({ openMenu }) => openMenu(cell));
});
document.addEventListener("keydown", (event) => {
  if (!["ArrowRight", "ArrowLeft", "Enter", " ", "Escape"].includes(event.key) || !event.target.matches?.("#runs-table tbody :is(td, td > a)")) return;
  if (event.target.matches("a") && !event.key.startsWith("Arrow")) return;
  if (event.target.matches("tr > :nth-child(2) > a") && turned(event)) return event.preventDefault();
  import("./cell-menu.js").then(({ walk }) => walk(event));
});

// In a tree of runs Right opens the row and Left closes it, or goes to the row of the parent.
function turned({ key, target }) {
  const row = target.closest("tr[aria-level]");
  const opened = row?.getAttribute("aria-expanded");
  if (key === "ArrowRight" ? opened !== "false" : !row) return false;
  if (opened && (opened === "true") === (key === "ArrowLeft")) {
    row.querySelector(".turn").click();
    return true;
  }
  const level = Number(row.getAttribute("aria-level"));
  let above = row.previousElementSibling;
  while (above && Number(above.getAttribute("aria-level")) >= level) above = above.previousElementSibling;
  above?.querySelector("td > a")?.focus();
  return Boolean(above);
}

// A form leads back to what is on screen, and a view is saved of it: charts and ticks are in the address alone.
document.addEventListener(
  "submit",
  ({ target }) => {
    const back = target.closest("#runs") && target.querySelector("[name=back]");
    if (back) back.value = location.search.slice(1);
  },
  true,
);

// What is chosen: a selection that the server keeps, and ids that were added to it and dropped from it since.
// It is in the address, so that it outlives the page and can be sent to somebody.
const selection = { id: "", size: 0, added: new Set(), dropped: new Set() };

function readAddress() {
  const query = new URLSearchParams(location.search);
  const ids = (name) => new Set((query.get(name) ?? "").split(",").filter(Boolean));
  Object.assign(selection, { id: query.get("selection") ?? "", added: ids("chosen"), dropped: ids("dropped") });
}

// The address with what is chosen.
function carry(address) {
  const url = new URL(address, location.href);
  const kept = { selection: selection.id, chosen: [...selection.added].join(","), dropped: [...selection.dropped].join(",") };
  for (const [name, value] of Object.entries(kept)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  return url.pathname + url.search.replaceAll("%2C", ",") + url.hash;
}

// What was just done is said once: not again when the page is loaded anew.
function writeAddress() {
  const url = new URL(carry(location.href), location.href);
  for (const name of ["notice", "done", "undo", "left"]) url.searchParams.delete(name);
  history.replaceState(history.state, "", url.pathname + url.search.replaceAll("%2C", ",") + url.hash);
}

async function shorten(address) {
  // too long for an address: the server keeps the list
  const body = { run_ids: [...selection.added], without: [...selection.dropped] };
  if (selection.id) body.selection_id = selection.id;
  const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) return;
  const kept = await answer.json();
  for (const id of body.run_ids) selection.added.delete(id);
  for (const id of body.without) selection.dropped.delete(id);
  Object.assign(selection, { id: kept.selection_id, size: kept.run_ids.length });
}

// Charts show what is chosen.
const tell = () => document.dispatchEvent(new CustomEvent("runs-chosen", { detail: { id: selection.id, size: selection.size + selection.added.size - selection.dropped.size, added: [...selection.added], dropped: [...selection.dropped] } }));
document.addEventListener("runs-wanted", tell);

readAddress();

customElements.define(
  "run-selection",
  class extends HTMLElement {
    connectedCallback() {
      this.form = this.closest("form");
      this.every = this.form.querySelector("[data-every]");
      this.every.hidden = false;
      this.last = null;
      const { selected } = this.dataset;
      selection.size = Number(selected);
      if (!selection.size) selection.id = ""; // the server does not keep it any more
      this.ofSelection = new Set(
        this.boxes.filter((box) => selection.dropped.has(box.value) || (box.defaultChecked && selection.id && !selection.added.has(box.value))).map((box) => box.value),
      );
      this.offers = [this.offer("Clear", () => this.clear()), this.offer("", () => this.chooseAll())];
      this.querySelector(".bulk").prepend(this.offers[0]);
      this.form.addEventListener("click", (event) => this.clicked(event));
      this.form.addEventListener("submit", (event) => this.fill(event));
      this.addEventListener("keydown", (event) => this.entered(event));
      this.addEventListener("input", () => this.check());
      this.check();
    }

    get boxes() {
      return [...this.form.querySelectorAll("input[name=runs]")];
    }

    get size() {
      return selection.size + selection.added.size - selection.dropped.size;
    }

    offer(label, act) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button plain", textContent: label, hidden: true });
      button.addEventListener("click", act);
      this.querySelector(".bulk").append(button);
      return button;
    }

    clicked(event) {
      const box = event.target;
      if (box === this.every) for (const each of this.boxes) this.choose(each, box.checked);
      else if (box.name === "runs") {
        const boxes = this.boxes;
        const [from, to] = [boxes.indexOf(event.shiftKey && this.last ? this.last : box), boxes.indexOf(box)].sort((a, b) => a - b);
        for (const each of boxes.slice(Math.max(from, 0), to + 1)) this.choose(each, box.checked);
        this.last = box;
      } else return;
      this.changed();
    }

    // Enter in a field sends what its own menu is for, not what the form's first button does.
    entered(event) {
      const main = event.key === "Enter" && event.target.matches("input[type=text]") && event.target.closest(".sheet").querySelector(".main");
      if (!main) return;
      event.preventDefault();
      if (!main.disabled) this.form.requestSubmit(main);
    }

    choose(box, chosen) {
      const { value } = box;
      if (this.ofSelection.has(value)) chosen ? selection.dropped.delete(value) : selection.dropped.add(value);
      else chosen ? selection.added.add(value) : selection.added.delete(value);
    }

    clear() {
      Object.assign(selection, { id: "", size: 0, added: new Set(), dropped: new Set() });
      this.ofSelection = new Set();
      this.changed();
      this.every.focus();
    }

    chooseAll() {
      const send = document.createElement("button");
      Object.assign(send, { formMethod: "post", hidden: true });
      send.setAttribute("formaction", this.dataset.all);
      this.append(send);
      this.form.requestSubmit(send);
    }

    async changed() {
      this.check();
      if (selection.added.size + selection.dropped.size > MOST_IN_ADDRESS) {
        await shorten(this.dataset.create);
        this.ofSelection = new Set(this.boxes.filter((box) => box.checked).map((box) => box.value));
        this.check();
      }
      writeAddress();
      tell();
    }

    // Other rows have come: those of the selection that the server keeps are known by their ticks.
    rowsChanged() {
      for (const box of this.boxes) if (box.defaultChecked && !selection.added.has(box.value)) this.ofSelection.add(box.value);
      this.check();
    }

    // Tick the boxes of what is chosen, and say how many runs that are.
    check() {
      const boxes = this.boxes;
      for (const box of boxes) box.checked = selection.added.has(box.value) || (this.ofSelection.has(box.value) && !selection.dropped.has(box.value));
      const here = boxes.filter((box) => box.checked).length;
      const { size } = this;
      for (const button of this.querySelectorAll("button[data-needs]")) {
        button.disabled = size < Number(button.dataset.needs);
        if (button.dataset.word) button.disabled ||= button.closest(".sheet").querySelector("input").value.trim() !== button.dataset.word;
      }
      for (const count of this.querySelectorAll("[data-count]")) count.textContent = `${size.toLocaleString("en")} run${size === 1 ? "" : "s"}`;
      const elsewhere = size > here ? `, ${(size - here).toLocaleString("en")} not on this page` : "";
      this.querySelector("output").textContent = size ? `${size.toLocaleString("en")} chosen${elsewhere}` : "";
      this.classList.toggle("choosing", size > 0);
      if (!size) for (const menu of this.querySelectorAll("details[open]")) menu.open = false;
      this.every.checked = here > 0 && here === boxes.length;
      this.every.indeterminate = here > 0 && here < boxes.length;
      const total = Number(this.dataset.total);
      const [clear, all] = this.offers;
      clear.hidden = !size;
      all.hidden = !this.every.checked || total <= boxes.length || size >= total;
      all.textContent = `Choose all ${total.toLocaleString("en")}${this.dataset.more ? " and more" : ""} that match`;
    }

    // The fields of the form: what is chosen on this page is in its boxes.
    fill(event) {
      const field = (name) => this.form.querySelector(`input[type=hidden][name=${name}]`);
      const here = new Set(this.boxes.map((box) => box.value));
      const elsewhere = [...selection.added].filter((id) => !here.has(id));
      if (event.submitter?.formMethod === "post") {
        field("selection").value = selection.id;
        field("chosen").value = elsewhere.join(",");
        field("dropped").value = [...selection.dropped].join(",");
        return;
      }
      event.preventDefault();
      const query = new URLSearchParams(location.search);
      const best = query.getAll("best").map((said) => `&best=${encodeURIComponent(said)}`);
      const runs = selection.id ? carry(`${this.form.action}?${new URLSearchParams({ back: query })}`) : `${this.form.action}?runs=${[...selection.added].map(encodeURIComponent).join(",")}`;
      location.href = runs + best.join("");
    }
  },
);

pinColumns();
drawCharts();
writeAddress();
keepView("runs", carry, writeAddress);
followTable();
