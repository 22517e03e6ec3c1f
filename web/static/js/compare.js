// The page of a comparison: forms of choices are sent when something is chosen.
for (const form of document.querySelectorAll("form[data-auto]")) {
  form.dataset.ready = "";
  form.addEventListener("change", () => form.requestSubmit());
}
