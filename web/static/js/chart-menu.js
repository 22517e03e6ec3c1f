// The menu of a chart: pictures, points as a file and as a table. What it does is loaded when it is used.
const ACTIONS = [["png", "Picture (PNG)"], ["svg", "Picture (SVG)"], ["csv", "Points (CSV)"], ["data", "Show data"]];

export function menuOf(chart) {
  const menu = Object.assign(document.createElement("details"), { className: "menu left chart-menu" });
  const name = new URL(chart.getAttribute("source"), location.href).searchParams.get("key");
  const summary = Object.assign(document.createElement("summary"), { className: "plain", textContent: "⋮", title: "Pictures and data" });
  summary.setAttribute("aria-label", `Pictures and data of ${name}`);
  const sheet = Object.assign(document.createElement("div"), { className: "sheet" });
  for (const [action, text] of ACTIONS) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: text });
    button.addEventListener("click", async () => {
      menu.open = false;
      const actions = await import("./chart-export.js");
      actions[action](chart, name, button);
    });
    sheet.append(button);
  }
  menu.append(summary, sheet);
  return menu;
}
