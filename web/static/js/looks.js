// The looks of runs in charts: a run has the same colour and dash everywhere. base.css has them for tables.
const COLOURS = 10;
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

// Custom properties hold light-dark(): a probe element resolves them.
export function colour(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export const look = (number) => ({ stroke: colour(`--run-${number % COLOURS}`), dash: DASHES[Math.floor(number / COLOURS) % DASHES.length] });

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("themechange")));
