// The keyboard: single keys, none of them while typing, and all of them can be switched off.
const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-rows] :is(tbody tr, .step)")].filter((row) => row.querySelector("a"));

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  next.querySelector("a").focus();
  next.scrollIntoView({ block: "nearest" });
}

const editing = () => document.querySelector("#runs-table, [data-edit-run]") && import("./run-editor.js").then(({ editHere }) => editHere());

const actions = {
  "/": () => {
    const box = document.getElementById("filter");
    box?.focus();
    box?.select();
    return box;
  },
  j: () => move(1),
  k: () => move(-1),
  x: () => document.activeElement?.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
  c: () => document.querySelector("#chosen button[data-needs='2']:not([disabled])")?.click(),
  d: () => document.getElementById("differences-switch")?.click(),
  s: () => (document.activeElement?.closest("tr") ?? document.querySelector(".head"))?.querySelector("[name=star]")?.click(),
  e: () => editing(),
  F2: () => editing(),
  n: () => document.querySelector("details.new > summary")?.click(),
  "?": () => document.getElementById("help").showModal(),
};

export function startKeys(stored) {
  const off = document.getElementById("keys-off");
  const help = document.getElementById("help-button");
  let before = "";
  let read = false; // when it is needed: the first look into the storage holds up the page
  const isOff = () => {
    if (!read) off.checked = stored.get("runyard-keys") === "off";
    read = true;
    return off.checked;
  };
  off.addEventListener("change", () => stored.set("runyard-keys", off.checked ? "off" : null));
  help.hidden = false;
  help.addEventListener("click", () => {
    isOff();
    actions["?"]();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    if (isOff() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (before === "g" && event.key === "e") location.href = document.body.dataset.home;
    if (before === "g" && event.key === "m") location.href = document.body.dataset.models;
    before = event.key;
    const turned = { ArrowRight: "false", ArrowLeft: "true" }[event.key];
    const opener = turned && document.activeElement?.closest("tr")?.querySelector(`[aria-expanded="${turned}"]`);
    if (opener) {
      event.preventDefault();
      return opener.click();
    }
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
