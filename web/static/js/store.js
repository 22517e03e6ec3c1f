// Asks the server's API from a page.
const base = () => new URL("api/2.0/", new URL(document.body.dataset.home, location.href)).href;

async function answered(answer) {
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message ?? `The server answered ${answer.status}.`);
  return body;
}

export async function get(path, query) {
  return answered(await fetch(`${base()}${path}?${new URLSearchParams(query)}`));
}

export async function post(path, fields, signal) {
  return answered(await fetch(base() + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields), signal }));
}
