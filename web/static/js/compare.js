// The page of a comparison: forms of choices are sent when something is chosen, with what scripts wrote into the address.
const begun = new URLSearchParams(location.search);

for (const form of document.querySelectorAll("form[data-auto]")) {
  form.dataset.ready = "";
  form.addEventListener("change", () => form.requestSubmit());
}

document.addEventListener("submit", ({ target: form }) => {
  if (form.method !== "get" || new URL(form.action).pathname !== location.pathname || form.id === "two-form") return;
  const now = new URLSearchParams(location.search);
  for (const name of new Set([...begun.keys(), ...now.keys()])) {
    if (now.get(name) === begun.get(name)) continue; // the server knew it
    form.querySelector(`input[type=hidden][name="${CSS.escape(name)}"]`)?.remove();
    if (now.has(name)) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value: now.get(name) }));
  }
});
