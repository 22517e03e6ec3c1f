// Heads of the table of runs: several keys to sort by, a menu for each column of values, and moving and sizing them.
// All of it is in the address, so that links, Back and saved views have it too.
const STEP = 20; // widths are multiples of it: the style sheet has a class for each
const EDGE = 6; // pixels at a head's right end that size it

const table = () => document.getElementById("runs-table");
const heads = () => [...table().querySelectorAll("th[data-col]")]; // those that can be moved: all but the names
const NAMES = "run_name";
const nameOf = (head) => head.dataset.col ?? NAMES;

function visit(change, { anew = false } = {}) {
  const url = new URL(location.href);
  change(url.searchParams);
  for (const passing of ["notice", "done", "undo", ...(anew ? ["page", "from"] : [])]) url.searchParams.delete(passing);
  htmx.ajax("GET", url.pathname + url.search, { target: "#runs", select: "#runs", swap: "outerHTML", push: "true" });
}

// What the address says of one column: `width=metrics.loss:120`. Names may have colons in them.
function say(query, what, name, value) {
  const names = [NAMES, ...heads().map(nameOf)].sort((a, b) => b.length - a.length);
  const others = query.getAll(what).filter((said) => names.find((known) => said.startsWith(`${known}:`)) !== name);
  query.delete(what);
  for (const said of others) query.append(what, said);
  if (value) query.append(what, `${name}:${value}`);
}

// With the column of names, which is always the first, the address names all columns: none stands there by itself.
function nameThem(query, names) {
  query.delete("col");
  for (const name of names) query.append("col", name);
}

const isValue = (name) => /^(metrics|params|tags)\./.test(name);
const allNamed = () => new URLSearchParams(location.search).getAll("col").some((name) => !isValue(name));

// Those that `pin` counts: where the address names only columns of values, it counts only these.
const counted = () => (allNamed() ? heads() : heads().filter((head) => isValue(nameOf(head))));

// Columns of what every run has need no names as long as they stand in front as usual.
function arrange(names) {
  const own = heads().map(nameOf).filter((name) => !isValue(name));
  const usual = !allNamed() && names.length > own.length && own.every((name, at) => names[at] === name);
  visit((query) => nameThem(query, usual ? names.slice(own.length) : [NAMES, ...names]));
}

function move(name, place) {
  const names = heads().map(nameOf).filter((other) => other !== name);
  names.splice(place, 0, name);
  arrange(names);
}

const keyOf = (order) => order.replace(/ (ASC|DESC)$/i, "").replace(/^number\((.*)\)$/s, "$1");

export function sortToo(order) {
  visit(
    (query) => {
      const orders = query.getAll("order");
      const place = orders.findIndex((other) => keyOf(other) === keyOf(order));
      place < 0 ? orders.push(order) : (orders[place] = order);
      query.delete("order");
      for (const each of orders) query.append("order", each);
    },
    { anew: true },
  );
}

// The order that a click on a head asks for.
export const orderOf = (link) => link && new URL(link.href).searchParams.get("order");

document.addEventListener(
  "click",
  (event) => {
    if (sizing?.moved) event.preventDefault(), event.stopPropagation();
  },
  true,
);

// Width: shown at once, and written into the address at the end. Attributes with styles would be refused where the view
// is put back from its text.
const [looks, widths, pins, places] = [new CSSStyleSheet(), new CSSStyleSheet(), new CSSStyleSheet(), new CSSStyleSheet()];
document.adoptedStyleSheets.push(looks, widths, pins, places);
// Only somebody who works on heads needs these: the page is lighter without them.
looks.replaceSync(`
  #runs-table.at-edge, #runs-table.at-edge a { cursor: col-resize; }
  #runs-table th.before { box-shadow: inset 3px 0 var(--accent); }
  #runs-table th.behind { box-shadow: inset -3px 0 var(--accent); }
  #column-menu { position: fixed; inset: auto; width: min(272px, calc(100vw - 16px)); max-height: calc(100vh - 16px); overflow: auto; margin: 0; padding: 10px; color: var(--text);
    background: var(--raised); border: 1px solid var(--line); border-radius: var(--radius); box-shadow: var(--shadow); }
  #column-menu h2 { margin-bottom: 6px; overflow-wrap: anywhere; font-size: 1em; }
  #column-menu .items { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 4px; margin-bottom: 8px; }
  #column-menu .items .button { justify-content: flex-start; }
  #column-menu :is(input, select) { width: 100%; }
`);

function setWidth(head, width) {
  const pixels = Math.round(Math.min(600, Math.max(40, width)) / STEP) * STEP;
  widths.replaceSync(`#runs-table#runs-table tr > :nth-child(${head.cellIndex + 1}) { min-width: ${pixels}px; max-width: ${pixels}px; width: ${pixels}px; }`);
  return pixels;
}

let sizing = null;

function headAtEdge({ target, clientX }) {
  const head = target.closest?.("#runs-table thead th");
  if (!head) return null;
  const { left, right } = head.getBoundingClientRect();
  const found = right - clientX < EDGE ? head : clientX - left < EDGE ? head.previousElementSibling : null;
  return found?.querySelector(".more") ? found : null;
}

document.addEventListener("pointermove", (event) => {
  if (sizing) {
    sizing.moved ||= Math.abs(event.clientX - sizing.from) > 2;
    if (sizing.moved) sizing.width = setWidth(sizing.head, sizing.begun + event.clientX - sizing.from);
  } else if (event.target.closest?.("#runs-table thead")) {
    table().classList.toggle("at-edge", headAtEdge(event) !== null);
    for (const head of heads()) head.draggable = true;
    for (const link of table().querySelectorAll("thead a")) link.draggable = false;
  }
});

document.addEventListener("pointerdown", (event) => {
  const head = event.button === 0 && headAtEdge(event);
  if (head) sizing = { head, from: event.clientX, begun: head.offsetWidth };
  if (event.shiftKey && event.target.closest("#runs-table thead")) getSelection().removeAllRanges();
});

document.addEventListener("pointerup", () => {
  if (!sizing) return;
  const { head, width } = sizing;
  setTimeout(() => (sizing = null)); // the click that follows is not one
  if (width) visit((query) => say(query, "width", nameOf(head), width));
});

// Moving by mouse.
let dragged = null;
const marked = (head, side) => {
  for (const other of heads()) other.classList.remove("before", "behind");
  if (head) head.classList.add(side);
};
const sideOf = (head, { clientX }) => {
  const { left, width } = head.getBoundingClientRect();
  return clientX < left + width / 2 ? "before" : "behind";
};

document.addEventListener("dragstart", (event) => {
  const head = event.target.closest?.("#runs-table th[data-col]");
  if (!head) return;
  if (sizing) return event.preventDefault();
  dragged = head;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", nameOf(head));
});
document.addEventListener("dragover", (event) => {
  const head = dragged && event.target.closest?.("#runs-table th[data-col]");
  if (!head) return;
  event.preventDefault();
  marked(head, sideOf(head, event));
});
document.addEventListener("drop", (event) => {
  const head = dragged && event.target.closest?.("#runs-table th[data-col]");
  if (!head) return;
  event.preventDefault();
  const names = heads().map(nameOf);
  const others = names.filter((name) => name !== nameOf(dragged));
  const place = others.indexOf(nameOf(head)) + (sideOf(head, event) === "behind" ? 1 : 0);
  if (head !== dragged) move(nameOf(dragged), place);
});
document.addEventListener("dragend", () => {
  dragged = null;
  marked(null);
});

// The menu of a column.
function made(tag, traits = {}, ...inside) {
  const { label, ...others } = traits;
  const element = Object.assign(document.createElement(tag), others);
  if (label) element.setAttribute("aria-label", label);
  element.append(...inside);
  return element;
}

// What the menu of a column asks for: another name, and which value of a metric is the best.
function fieldsOf(head, name, leaving) {
  const label = made("input", { type: "text", defaultValue: head.firstElementChild.textContent, maxLength: 100, autocomplete: "off" });
  label.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    leaving(() => label.value !== label.defaultValue && visit((query) => say(query, "label", name, label.value.trim())))();
  });
  const fields = [made("label", { className: "field" }, made("span", { textContent: "Shown as" }), label)];
  if (!name.startsWith("metrics.")) return fields;
  const best = made("select");
  const said = new URLSearchParams(location.search).getAll("best").find((text) => text.startsWith(`${name}:`));
  for (const [value, text] of [["", "as its name tells"], ["least", "the least"], ["most", "the greatest"], ["none", "none"]]) {
    best.append(made("option", { value, textContent: text, selected: said === `${name}:${value}` }));
  }
  best.addEventListener("change", leaving(() => visit((query) => say(query, "best", name, best.value))));
  return [...fields, made("label", { className: "field" }, made("span", { textContent: "Best value" }), best)];
}

export function openMenu(button) {
  document.getElementById("column-menu")?.remove();
  const head = button.closest("th");
  const name = nameOf(head);
  const all = heads();
  const place = all.indexOf(head); // -1: the names, which are always the first
  const order = orderOf(head.querySelector("a"))?.replace(/ (ASC|DESC)$/, "");
  let width = null;
  const title = place < 0 ? head.querySelector("a").textContent : name;
  const menu = made("div", { id: "column-menu", popover: "auto", label: `Column ${title}` }, made("h2", { textContent: title }));
  menu.setAttribute("role", "dialog");
  const close = () => {
    menu.hidePopover(); // gives the focus back to the head
    menu.remove();
  };
  const item = (text, act, possible = true) => {
    const entry = made("button", { type: "button", className: "button", textContent: text, disabled: !possible });
    entry.addEventListener("click", act);
    return entry;
  };
  const leaving = (act) => () => {
    width = null;
    close();
    act();
  };
  const sort = (way) => leaving(() => visit((query) => query.set("order", `${order} ${way}`), { anew: true }));
  const pin = (number) => leaving(() => visit((query) => (number ? query.set("pin", number) : query.delete("pin"))));
  const pinOwn = leaving(() => visit((query) => (nameThem(query, [NAMES, ...all.map(nameOf)]), query.set("pin", place + 1))));
  const among = counted().indexOf(head);
  const resize = (by) => () => (width = setWidth(head, (width ?? head.offsetWidth) + by));
  const others = all.map(nameOf).filter((other) => other !== name);
  const sorts = () => [
    item("↑ Ascending", sort("ASC")),
    item("↓ Descending", sort("DESC")),
    item("↑ Sort too", leaving(() => sortToo(`${order} ASC`))),
    item("↓ Sort too", leaving(() => sortToo(`${order} DESC`))),
  ];
  const moves = () => [item("← Move left", leaving(() => move(name, place - 1)), place > 0), item("→ Move right", leaving(() => move(name, place + 1)), place < all.length - 1)];
  const keeps = () => [
    head.matches("[data-pin]") ? item("Do not keep", pin(among)) : item("Keep in sight", among < 0 ? pinOwn : pin(among + 1)),
    item("Hide", leaving(() => arrange(others))),
  ];
  const sizes = [item("Narrower", resize(-STEP)), item("Wider", resize(STEP))];
  menu.append(made("div", { className: "items" }, ...(order ? sorts() : []), ...(place < 0 ? sizes : [...moves(), ...sizes, ...keeps()])));
  if (place >= 0) menu.append(...fieldsOf(head, name, leaving));
  menu.addEventListener("toggle", ({ newState }) => {
    button.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "open") return;
    menu.remove();
    if (width) visit((query) => say(query, "width", name, width));
  });
  document.getElementById("runs").append(menu);
  menu.showPopover({ source: button });
  const { right, bottom } = button.getBoundingClientRect();
  const left = Math.max(8, Math.min(right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8));
  const top = Math.max(8, Math.min(bottom + 4, innerHeight - menu.offsetHeight - 8));
  places.replaceSync(`#column-menu { left: ${left}px; top: ${top}px; }`);
  menu.querySelector("button").focus();
}

// Columns that stay in sight: how far from the left depends on how wide those before them turned out.
function pin() {
  const box = table()?.closest(".box");
  if (!box) return;
  const [first, second] = table().querySelectorAll("thead th");
  let left = first.offsetWidth + (getComputedStyle(second).position === "sticky" ? second.offsetWidth : 0);
  const rules = [];
  for (const head of heads().filter((each) => each.matches("[data-pin]"))) {
    if (left + head.offsetWidth > box.clientWidth * 0.75) break; // the others need room too
    const cell = `:nth-child(${head.cellIndex + 1})`;
    rules.push(`#runs-table tr > ${cell} { position: sticky; left: ${left}px; z-index: 1; background: var(--row); }`);
    rules.push(`#runs-table thead th${cell} { z-index: 3; background: var(--surface); }`);
    left += head.offsetWidth;
  }
  pins.replaceSync(rules.join(""));
}

document.addEventListener("htmx:after:swap", () => {
  widths.replaceSync("");
  pin();
});
addEventListener("resize", pin);
pin();
