// Changes the name, the note and the tags of a run where it stands: in its row, or on its page.
import "./note-preview.js";
import { get, post } from "./store.js";

const NAME = "mlflow.runName";
const NOTE = "mlflow.note.content";
const MOST_TAGS = 50;
const isOwn = (key) => !key.startsWith("mlflow.") && !key.startsWith("runyard.");

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const labelled = (label, control) => element("label", { className: "field" }, element("span", { textContent: label }), control);

// What was changed: tags to set, and keys of tags to remove.
function changes(before, form) {
  const after = new Map([[NAME, form.elements.name.value.trim()], [NOTE, form.elements.note.value]]);
  for (const row of form.querySelectorAll(".tag-row")) {
    const [key, value] = row.querySelectorAll("input, textarea");
    if (key.value.trim() && !row.hidden) after.set(key.value.trim(), value.value);
  }
  const tags = [...after].filter(([key, value]) => (before.get(key) ?? (key === NOTE ? "" : undefined)) !== value);
  const removed = form.shown.filter((key) => !after.has(key));
  return { tags: tags.map(([key, value]) => ({ key, value })), removed_keys: removed };
}

function tagRow(key = "", value = "") {
  const of = key ? `tag ${key}` : "a new tag";
  const name = element("input", { type: "text", value: key, maxLength: 250, placeholder: "Key", autocomplete: "off" });
  name.setAttribute("aria-label", `Key of ${of}`);
  const text = element(value.includes("\n") ? "textarea" : "input", { value, placeholder: "Value", autocomplete: "off" });
  if (text.tagName === "INPUT") text.type = "text";
  text.setAttribute("aria-label", `Value of ${of}`);
  const remove = element("button", { type: "button", className: "plain", textContent: "✕", title: `Remove ${of}` });
  remove.setAttribute("aria-label", `Remove ${of}`);
  const row = element("div", { className: "tag-row" }, name, text, remove);
  remove.addEventListener("click", () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    next?.querySelector("input")?.focus();
  });
  return row;
}

function formOf(run, before) {
  const own = [...before].filter(([key]) => isOwn(key));
  const shown = own.slice(0, MOST_TAGS);
  const tags = element("fieldset", {}, element("legend", { textContent: "Tags" }), ...shown.map(([key, value]) => tagRow(key, value)), tagRow());
  if (own.length > shown.length) tags.append(element("small", { textContent: `${own.length - shown.length} more are on the run's page.` }));
  const problem = element("p", { className: "error", hidden: true });
  problem.setAttribute("role", "alert");
  const form = element(
    "form",
    { method: "dialog", shown: shown.map(([key]) => key), problem },
    labelled("Name", element("input", { type: "text", name: "name", value: run.info.run_name ?? "", required: true, autocomplete: "off" })),
    element("note-preview", {}, labelled("Note, in Markdown", element("textarea", { name: "note", value: before.get(NOTE) ?? "", rows: 3, maxLength: 60000 }))),
    tags,
    problem,
    element("p", { className: "row" }, element("button", { className: "button main", textContent: "Save" }), element("button", { className: "button", type: "button", textContent: "Cancel", onclick: (event) => event.target.closest("dialog").close() })),
  );
  tags.addEventListener("input", () => {
    const last = [...tags.querySelectorAll(".tag-row")].at(-1);
    if (last.querySelector("input").value) last.after(tagRow());
  });
  return form;
}

async function save(form, run, before) {
  const changed = changes(before, form);
  if (!changed.tags.length && !changed.removed_keys.length) return false;
  if (!form.elements.name.value.trim()) throw new Error("A run needs a name.");
  const answer = await post("runyard/runs/tag-many", { run_ids: [run.info.run_id], ...changed });
  if (answer.refused?.length) throw new Error(answer.refused[0].message);
  return true;
}

// Below what is edited, and inside of the window.
function place(dialog, anchor) {
  const { left, bottom, top } = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = dialog;
  const below = bottom + height + 8 <= innerHeight ? bottom + 4 : Math.max(8, Math.min(top - height - 4, innerHeight - height - 8));
  dialog.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  dialog.style.top = `${below}px`;
}

export async function edit(runId, anchor, saved) {
  const { run } = await get("mlflow/runs/get", { run_id: runId });
  const before = new Map((run.data.tags ?? []).map(({ key, value }) => [key, value]));
  before.set(NAME, run.info.run_name ?? "");
  const form = formOf(run, before);
  const dialog = element("dialog", { className: "editor" }, form);
  dialog.setAttribute("aria-label", `Edit ${run.info.run_name}`);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const changed = await save(form, run, before);
      dialog.close(); // first: behind an open one nothing takes the focus
      if (changed) await saved();
    } catch (problem) {
      form.problem.textContent = problem.message;
      form.problem.hidden = false;
    }
  });
  form.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.requestSubmit());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  place(dialog, anchor);
  form.elements.name.select();
}

const fresh = async () => new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
const rowOf = (page, runId) => page.querySelector(`#runs-table input[value="${CSS.escape(runId)}"]`)?.closest("tr");

// The row as the server has it now; it keeps its place even where another order is due.
async function refreshRow(runId) {
  const now = rowOf(await fresh(), runId);
  const row = rowOf(document, runId);
  if (!now || !row) return location.reload();
  const chosen = row.querySelector("input").checked;
  row.replaceWith(document.adoptNode(now));
  now.querySelector("input").checked = chosen;
  now.querySelector("a").focus({ preventScroll: true });
}

async function refreshPage() {
  const page = await fresh();
  for (const part of ["main > .head", "#tags", "#description"]) {
    const [now, old] = [page.querySelector(part), document.querySelector(part)];
    if (now && old) old.replaceWith(document.adoptNode(now));
  }
  document.title = page.title;
}

// The run of the row that has the focus, or of the page.
export function editHere() {
  const row = document.activeElement?.closest("#runs-table tbody tr");
  const box = row?.querySelector("input[name=runs]");
  if (box) return edit(box.value, row.children[1], () => refreshRow(box.value));
  const head = document.querySelector("[data-edit-run]");
  if (head && !head.disabled) return edit(head.dataset.editRun, head.closest(".head"), refreshPage);
}
