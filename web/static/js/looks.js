// The looks of runs in charts: a run has the same colour and dash everywhere. base.css has them for tables.
const COLOURS = 10;
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];
// One marker a colour, so that colour alone never tells two lines apart: corners around a point, or null for a circle.
const SHAPES = [
  null,
  [[-1, -1], [1, -1], [1, 1], [-1, 1]],
  [[0, -1.2], [1.15, 0.9], [-1.15, 0.9]],
  [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]],
  [[0, 1.2], [1.15, -0.9], [-1.15, -0.9]],
];

// A colour as it is on the screen: custom properties hold light-dark(), which a probe element resolves.
const known = new Map();
export function colour(value) {
  if (known.has(value)) return known.get(value);
  const probe = document.createElement("span");
  probe.style.color = value.startsWith("--") ? `var(${value})` : value;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  known.set(value, found);
  return found;
}

export const looks = (number) => ({
  stroke: colour(`--run-${number % COLOURS}`),
  dash: DASHES[Math.floor(number / COLOURS) % DASHES.length],
  shape: SHAPES[number % SHAPES.length],
  filled: number % COLOURS < SHAPES.length,
});

// The outline of a marker: corners, or 16 of them for a circle.
export const outline = (shape, x, y, size) =>
  (shape ?? Array.from({ length: 16 }, (_, at) => [Math.cos((at * Math.PI) / 8), Math.sin((at * Math.PI) / 8)])).map(([dx, dy]) => [x + dx * size, y + dy * size]);

document.addEventListener("themechange", () => known.clear(), true);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("themechange")));
