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

const OFTEN = [...Array.from({ length: COLOURS }, (_, at) => `--run-${at}`), "--soft", "--line", "--raised"];
const known = new Map();

// Colours as they are on the screen: custom properties hold light-dark(), which elements resolve. All at once, as each
// look at the style of a new element takes the styles of the whole page.
function resolve(values) {
  const probe = document.createElement("span");
  probe.append(
    ...values.map((value) => {
      const part = document.createElement("span");
      part.style.color = value.startsWith("--") ? `var(${value})` : value;
      return part;
    }),
  );
  document.body.append(probe);
  values.forEach((value, at) => known.set(value, getComputedStyle(probe.children[at]).color));
  probe.remove();
}

export function colour(value) {
  if (!known.has(value)) resolve(known.size ? [value] : [...OFTEN, value]);
  return known.get(value);
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
