// The table of runs moves while one looks: cells change where they stand, and rows only where nobody points at them.
import { addSwitch, isPaused } from "./live-switch.js";
import { fetchPage, follow } from "./live.js";

const ID = "input[name=runs]";
const view = () => document.getElementById("runs");
const tableOf = (page) => page.querySelector("#runs-table, #groups-table");
const rowsOf = (table) => [...table.tBodies[0].rows];
const idOf = (row) => row.querySelector(ID)?.value ?? row.querySelector("a")?.getAttribute("href"); // a run, or a group

// The address of what is shown, without what only this tab has chosen or was told.
function shown() {
  const url = new URL(location.href);
  for (const name of ["chosen", "dropped", "notice", "done", "undo"]) url.searchParams.delete(name);
  return url.pathname + url.search;
}

// What the server sent of a cell: without what scripts put in.
function sent(cell) {
  const copy = cell.cloneNode(true);
  copy.querySelector(".pencil")?.remove();
  copy.removeAttribute("tabindex"); // the arrows were in it
  for (const link of copy.querySelectorAll("[data-htmx-powered]")) link.removeAttribute("data-htmx-powered");
  return copy.outerHTML;
}

function updateCell(cell, now) {
  if (sent(cell) === now.outerHTML) return;
  const focused = document.activeElement;
  const [isIn, isIt] = [cell.contains(focused), cell === focused];
  cell.replaceWith(now);
  window.htmx?.process(now);
  if (isIt) now.tabIndex = -1;
  if (isIt) now.focus({ preventScroll: true });
  else if (isIn) now.querySelector("a")?.focus({ preventScroll: true });
}

// The box and the star of a row are the reader's: of these only whether it is starred is taken.
function updateRow(row, now) {
  for (const name of ["aria-level", "aria-expanded"]) now.hasAttribute(name) ? row.setAttribute(name, now.getAttribute(name)) : row.removeAttribute(name);
  const [star, starNow] = [row, now].map((each) => each.querySelector("[name=star]"));
  if (star && starNow) star.setAttribute("aria-pressed", starNow.getAttribute("aria-pressed"));
  const cells = [...now.cells];
  for (const [at, cell] of [...row.cells].entries()) if (at) updateCell(cell, cells[at]);
}

// A head keeps its place; how the values below it are distributed is drawn anew.
function updateHead(head, now) {
  const [bars, next] = [head, now].map((each) => each.querySelector("svg.bars"));
  if (bars && next) {
    if (bars.outerHTML !== next.outerHTML) bars.replaceWith(next.cloneNode(true));
  } else if (next) head.querySelector("div")?.prepend(next.cloneNode(true));
  else bars?.remove();
}

const heads = (table) => [...table.tHead.querySelectorAll("th")].map((head) => head.textContent.trim()).join("\n");

// Whether something of the table is in the reader's hands.
function inHands() {
  const table = tableOf(document);
  if (document.querySelector("dialog[open], #column-menu, #runs .menu[open]")) return true;
  if (!table) return view().contains(document.activeElement);
  const selected = getSelection();
  return table.tBodies[0].matches(":hover") || table.contains(document.activeElement) || (!selected.isCollapsed && table.contains(selected.anchorNode));
}

let later = 0;
let waiting = null; // what is due once nobody points at the table

function offer(text) {
  let note = document.getElementById("live-note");
  if (!text) return note?.remove();
  if (!note) {
    note = Object.assign(document.createElement("button"), { type: "button", id: "live-note", className: "button" });
    note.addEventListener("click", () => {
      arrange(waiting);
      tableOf(document)?.querySelector("tbody a")?.focus();
    });
    document.querySelector("#runs .over > :last-child")?.before(note);
  }
  if (note.textContent !== text) note.textContent = text;
}

function apply(now) {
  clearTimeout(later);
  if (document.querySelector(".cell-menu:not([hidden])")) return void (later = setTimeout(() => apply(now), 1000));
  const [table, next] = [tableOf(document), tableOf(now)];
  if (!table || !next) {
    if (Boolean(table) === Boolean(next)) return;
    if (inHands()) return put(now, "The table has changed. Show");
    return arrange(now);
  }
  if (heads(table) !== heads(next)) return inHands() ? put(now, "There are other columns. Show") : arrange(now);
  const [before, after] = [rowsOf(table), rowsOf(next)].map((rows) => rows.map(idOf));
  const known = new Map(rowsOf(table).map((row) => [idOf(row), row]));
  for (const row of rowsOf(next)) if (known.has(idOf(row))) updateRow(known.get(idOf(row)), row.cloneNode(true));
  for (const [at, head] of [...table.tHead.rows[0].cells].entries()) updateHead(head, next.tHead.rows[0].cells[at]);
  for (const name of ["class", "role"]) next.hasAttribute(name) ? table.setAttribute(name, next.getAttribute(name)) : table.removeAttribute(name);
  updateCounts(now);
  if (before.join() === after.join()) {
    waiting = null;
    return offer("");
  }
  if (!inHands()) return arrange(now);
  const added = table.id === "runs-table" ? after.filter((id) => !known.has(id)).length : 0;
  put(now, added ? `${added === 1 ? "A run is" : `${added} runs are`} new here. Show` : "The order has changed. Show");
}

function put(now, text) {
  waiting = now;
  offer(text);
}

function updateCounts(now) {
  const [pager, next] = [document, now].map((page) => page.querySelector("#chosen .pager .range"));
  if (pager && next && pager.textContent !== next.textContent) pager.textContent = next.textContent;
  const [selection, selectionNow] = [document, now].map((page) => page.querySelector("run-selection"));
  if (!selection || !selectionNow) return;
  for (const name of ["total", "more"]) selection.dataset[name] = selectionNow.dataset[name];
}

// All rows, and columns, as they are now; the focus stays on its run.
function arrange(now) {
  waiting = null;
  offer("");
  if (!now) return;
  const [table, next] = [tableOf(document), tableOf(now)];
  if (!table || !next) {
    const typed = document.getElementById("filter")?.value;
    const told = view().querySelector(".notice");
    const focused = told?.contains(document.activeElement) && document.activeElement;
    view().replaceWith(document.adoptNode(now.getElementById("runs")));
    if (typed !== undefined) document.getElementById("filter").value = typed;
    if (told) view().querySelector("#chosen, .over").before(told); // with its undo, until the reader goes on
    if (focused) focused.focus({ preventScroll: true });
    window.htmx?.process(view());
    return;
  }
  const focused = document.activeElement?.closest("#runs tbody tr");
  const focusedId = focused && idOf(focused);
  const inBox = document.activeElement?.matches(ID);
  const box = table.closest(".box");
  const scrolled = [box?.scrollLeft, box?.scrollTop];
  if (heads(table) !== heads(next)) {
    const every = table.tHead.querySelector("[data-every]").parentElement;
    const head = document.adoptNode(next.tHead);
    head.querySelector("[data-every]").parentElement.replaceWith(every); // the script's own box stays
    table.tHead.replaceWith(head);
    window.htmx?.process(head);
    dispatchEvent(new Event("resize")); // columns that stay in sight are placed by their widths
    table.tBodies[0].replaceChildren(...rowsOf(next).map((row) => document.adoptNode(row)));
  } else {
    const known = new Map(rowsOf(table).map((row) => [idOf(row), row]));
    table.tBodies[0].replaceChildren(...rowsOf(next).map((row) => known.get(idOf(row)) ?? document.adoptNode(row)));
  }
  window.htmx?.process(table.tBodies[0]);
  [box.scrollLeft, box.scrollTop] = scrolled;
  document.querySelector("run-selection")?.rowsChanged();
  if (focusedId) {
    const row = rowsOf(table).find((each) => idOf(each) === focusedId);
    row?.querySelector(inBox ? ID : "a")?.focus({ preventScroll: true });
  }
}

async function refresh(generation) {
  const address = shown();
  const now = await fetchPage(address, generation);
  if (!now || isPaused()) return;
  if (address !== shown()) return refresh(generation); // another view is shown by now
  apply(now);
  document.dispatchEvent(new CustomEvent("page-fetched", { detail: now }));
}

export function followTable() {
  const { events } = view().dataset;
  if (!events) return;
  const moving = () => Boolean(view().querySelector("tbody .live"));
  addSwitch(() => follow(events, refresh, { busy: moving }));
  document.addEventListener("htmx:after:swap", () => {
    clearTimeout(later);
    waiting = null;
    offer("");
  });
  document.addEventListener("pointerout", ({ target }) => waiting && target.closest?.("#runs tbody") && setTimeout(() => waiting && !inHands() && arrange(waiting), 400));
}
