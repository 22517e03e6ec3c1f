// The page of a served model: sends the form's body to /invocations and shows the answer.
const form = document.getElementById("try");
const body = document.getElementById("body");
const type = document.getElementById("type");
const answer = document.getElementById("answer");
const took = document.getElementById("took");
const example = body.value;

document.getElementById("address").textContent = new URL("invocations", location.href).href;

/** The value of a field as JSON has it; an empty field is left out of the row. */
function typed(input) {
  const kind = input.dataset.type;
  if (["integer", "long", "float", "double"].includes(kind)) return Number(input.value);
  if (kind === "boolean") return ["true", "1", "yes"].includes(input.value.trim().toLowerCase());
  return input.value;
}

document.getElementById("fill")?.addEventListener("click", () => {
  const row = {};
  for (const input of document.querySelectorAll("#fields input")) {
    if (input.value !== "") row[input.name] = typed(input);
  }
  type.value = "application/json";
  body.value = JSON.stringify({ dataframe_records: [row] }, null, 2);
  body.focus();
});

type.addEventListener("change", () => {
  if (type.value === "application/json") {
    body.value = example;
    return;
  }
  const names = [...document.querySelectorAll("#fields input")].map((input) => input.name);
  body.value = names.length ? `${names.join(",")}\n` : "";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const begun = performance.now();
  took.textContent = "Asking …";
  try {
    const reply = await fetch(form.action, { method: "POST", headers: { "Content-Type": type.value }, body: body.value });
    const text = await reply.text();
    took.textContent = `${reply.status} in ${Math.round(performance.now() - begun)} ms`;
    answer.classList.toggle("bad", !reply.ok);
    answer.textContent = pretty(text);
  } catch (problem) {
    took.textContent = "No answer";
    answer.classList.add("bad");
    answer.textContent = String(problem);
  }
});

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
