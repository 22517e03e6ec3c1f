// The menu of a cell: show only runs with its value, or without it, or copy it.
const menu = Object.assign(document.createElement("div"), { className: "cell-menu", hidden: true });
menu.setAttribute("role", "menu");
menu.addEventListener("keydown", pressed);
document.addEventListener("pointerdown", (event) => menu.contains(event.target) || close());
document.addEventListener("htmx:after:swap", () => opened?.isConnected || close()); // other parts of the page come and go
addEventListener("resize", close);
let opened = null;

const looks = new CSSStyleSheet(); // the page is lighter without them
document.adoptedStyleSheets.push(looks);
looks.replaceSync(`
  .cell-menu { position: fixed; z-index: 6; display: grid; min-width: 180px; max-width: min(420px, calc(100vw - 16px)); padding: 4px; background: var(--raised);
    border: 1px solid var(--line); border-radius: var(--radius); box-shadow: var(--shadow); }
  .cell-menu button { display: grid; gap: 1px; min-height: 28px; padding: 3px 8px; text-align: left; align-items: center; border: 0; border-radius: 4px; background: none; cursor: pointer; }
  .cell-menu button:is(:hover, :focus) { background: var(--hover); }
  .cell-menu code { color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
`);

const cellsOf = (row) => [...row.children].slice(1);

// What a head sorts by is what a condition begins with, as filters write it.
function keyOf(cell) {
  const head = document.querySelector("#runs-table thead tr").children[[...cell.parentElement.children].indexOf(cell)];
  const order = head?.querySelector("a") && new URL(head.querySelector("a").href).searchParams.get("order");
  if (order) return order.replace(/ (asc|desc)$/i, "").replace(/^number\((.*)\)$/s, "$1");
  return head?.dataset.col === "experiment" ? "experiment.id" : null;
}

function text(value) {
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"')) return `"${value}"`;
  return `E'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

// Cells show numbers and texts cut short: the run itself is asked for what it has.
async function valueIn(cell, key) {
  const run = cell.parentElement.querySelector("[name=runs]").value;
  const answer = await fetch(`${document.querySelector("[data-run]").dataset.run}?run_id=${encodeURIComponent(run)}`);
  if (!answer.ok) throw new Error("not found");
  const { info, data = {} } = (await answer.json()).run;
  const [, kind, name] = key.match(/^(metrics|params|tags)\.(.+)$/s) ?? [];
  if (kind) {
    const plain = /^(`.*`|".*")$/s.test(name) ? name.slice(1, -1) : name;
    const found = (data[kind] ?? []).find((entry) => entry.key === plain)?.value;
    return { kind, value: found };
  }
  if (key === "duration") return { kind: "duration", value: info.end_time && Number(info.end_time) - Number(info.start_time) };
  if (key === "start_time" || key === "end_time") return { kind: "time", value: info[key] && Number(info[key]) };
  if (key === "user_id") return { kind: "text", value: info.user_id || undefined };
  if (key === "experiment.id") return { kind: "text", value: info.experiment_id };
  return { kind: "text", value: info[key] };
}

// Conditions with what they are called; none where the value cannot be compared.
function conditions(key, { kind, value }) {
  const field = kind === "duration" ? "duration" : key;
  if (value === undefined || value === null) {
    if (!["metrics", "params", "tags"].includes(kind)) return [];
    return [["Filter for none", `${key} IS NULL`], ["Filter out none", `${key} IS NOT NULL`]];
  }
  if (kind === "time") return [["From then on", `${field} >= ${value}`], ["Until then", `${field} <= ${value}`]];
  if (kind === "duration") return [["As long or longer", `${field} >= ${value}ms`], ["As long or shorter", `${field} <= ${value}ms`]];
  if (kind !== "metrics") return [["Filter for", `${field} = ${text(value)}`], ["Filter out", `${field} != ${text(value)}`]];
  if (!Number.isFinite(value)) return [];
  return [["Filter for", `${field} = ${value}`], ["Filter out", `${field} != ${value}`], ["This or more", `${field} >= ${value}`], ["This or less", `${field} <= ${value}`]];
}

function filterBy(condition) {
  const box = document.getElementById("filter");
  const before = box.value.trim();
  box.focus(); // what the filter finds has the focus afterwards
  close();
  box.value = before ? `${/\bor\b/i.test(before) ? `(${before})` : before} AND ${condition}` : condition;
  box.form.requestSubmit();
}

function item(label, detail, act) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  button.setAttribute("role", "menuitem");
  if (detail) button.append(Object.assign(document.createElement("code"), { textContent: detail }));
  button.addEventListener("click", act);
  return button;
}

export async function openMenu(cell) {
  const key = keyOf(cell);
  if (!key) return;
  opened = cell;
  let found;
  try {
    found = await valueIn(cell, key);
  } catch {
    return; // the run is gone, or the server is away: there is nothing to offer
  }
  if (opened !== cell || !cell.isConnected) return;
  const whole = found.kind === "time" ? cell.title : found.kind === "duration" ? cell.textContent.trim() : String(found.value ?? "");
  const copy = item("Copy", "", () => {
    navigator.clipboard?.writeText(whole);
    enter(cell);
    close();
  });
  menu.replaceChildren(...conditions(key, found).map(([label, condition]) => item(label, condition, () => filterBy(condition))), copy);
  menu.setAttribute("aria-label", `${key}: ${whole || "none"}`);
  document.body.append(menu);
  menu.hidden = false;
  const at = cell.getBoundingClientRect();
  const { offsetWidth: wide, offsetHeight: high } = menu;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - wide - 8))}px`;
  menu.style.top = `${at.bottom + high > innerHeight ? Math.max(8, at.top - high) : at.bottom}px`;
  menu.firstElementChild.focus();
}

function close() {
  menu.hidden = true;
  opened = null;
}

function pressed(event) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  if (event.key === "Escape" || event.key === "Tab") {
    const cell = opened;
    close();
    if (cell) enter(cell);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") items[(at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length].focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function enter(cell) {
  cell.tabIndex = -1;
  cell.focus();
}

// From a row's link the arrows go to its cells; Enter opens the menu of one, and Escape goes back to the link.
export function walk(event) {
  const from = document.activeElement; // keys may come while this is loaded: each goes on from the one before
  const cell = from.closest("#runs-table td");
  if (!cell) return;
  const cells = cellsOf(cell.parentElement);
  const at = cells.indexOf(cell);
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    const next = cells[at + (event.key === "ArrowRight" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    if (next === cells[0]) next.querySelector("a").focus();
    else enter(next);
  } else if (from === cell && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    openMenu(cell);
  } else if (from === cell && event.key === "Escape") cells[0].querySelector("a").focus();
}
