// What matters for a metric: the importance of each param, as the server finds it.
import { make } from "./elements.js";

const WAITS = [300, 700, 1500, 3000];

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  const found = await answer.json();
  return answer.ok ? found : { state: "failed", summary: found.message ?? "The server did not answer." };
}

// Ask until it is known; `show` gets each answer. It ends when `going` is no more.
export async function find(config, metric, filter, show, going) {
  const address = `${config.importance}&${new URLSearchParams({ metric, ...(filter ? { filter } : {}) })}`;
  for (let tried = 0; going(); tried++) {
    const found = await ask(address);
    if (!going()) return;
    show(found);
    if (found.state !== "working") return;
    await new Promise((resolve) => setTimeout(resolve, WAITS[Math.min(tried, WAITS.length - 1)]));
  }
}

// The params as a table, the most important first.
export function table(found, metric, plotParam) {
  const element = make("table", { className: "grid matters" });
  element.append(make("caption", { className: "unseen", textContent: `What matters for ${metric}` }));
  const head = element.createTHead().insertRow();
  for (const text of ["Param", "Importance", "Direction", "Runs"]) head.append(make("th", { textContent: text, scope: "col", className: text === "Runs" ? "n" : "" }));
  const body = element.createTBody();
  for (const param of found.params) {
    const row = body.insertRow();
    const button = make("button", { type: "button", className: "plain", textContent: param.key, title: `Plot ${metric} over ${param.key}` });
    button.addEventListener("click", () => plotParam(param.key));
    const bar = make("i");
    bar.style.width = `${Math.round(100 * param.share)}%`;
    const sign = { "+": "↗ ", "-": "↘ " }[param.sign] ?? "";
    row.append(make("th", { scope: "row" }, button), make("td", {}, make("span", { className: "track" }, bar), make("b", { textContent: param.text })), make("td", { textContent: sign + param.direction }), make("td", { className: "n", textContent: param.runs.toLocaleString("en") }));
  }
  return element;
}
