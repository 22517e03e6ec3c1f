// What a view looks like: shapes in pixels, painted on a canvas here and written as SVG by chart-export.js.
import { colour, outline } from "./looks.js";

const MARK_EVERY = 90; // pixels between the markers of a line
const MANY = 6000; // points from which on lines are a pixel wide: they hide each other less, and cost half as much to draw

// Pixels of places, within `box` = {left, top, width, height}.
export function scales(view, box) {
  const [[x0, x1], [y0, y1]] = [view.xr, view.yr];
  return {
    x: (value) => box.left + ((view.x.to(value) - x0) / (x1 - x0)) * box.width,
    y: (value) => box.top + box.height - ((view.y.to(value) - y0) / (y1 - y0)) * box.height,
  };
}

// The lines between gaps, each as x, y, x, y …
function runsOf(view, at, box, xs, ys) {
  const parts = [];
  const places = new Float64Array(2 * xs.length);
  const [left, right] = [box.left - 4 * box.width, box.left + 5 * box.width];
  const [top, bottom] = [box.top - 40 * box.height, box.top + 41 * box.height];
  let [begin, end] = [0, 0];
  for (let index = 0; index < xs.length; index++) {
    if (view.x.shown(xs[index]) && view.y.shown(ys[index])) {
      places[end++] = Math.min(right, Math.max(left, at.x(xs[index])));
      places[end++] = Math.min(bottom, Math.max(top, at.y(ys[index])));
    } else if (end > begin) {
      parts.push(places.subarray(begin, end));
      begin = end;
    }
  }
  if (end > begin) parts.push(places.subarray(begin, end));
  return parts;
}

function markers(parts, line, box, look, everywhere, size) {
  const found = [];
  let last = -Infinity;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 2) {
      const x = part[index];
      if (x < box.left - 1 || x > box.left + box.width + 1 || !(everywhere || part.length === 2 || Math.abs(x - last) >= MARK_EVERY)) continue;
      last = x;
      found.push(outline(look.shape, x, part[index + 1], size).flat());
    }
  }
  return found;
}

function lineShapes(view, at, box, line, { alone, alpha, width }) {
  const look = alone ? { ...line.look, dash: [], shape: null, filled: true } : line.look;
  const parts = runsOf(view, at, box, line.xs, line.ys);
  const shapes = [];
  if (line.smoothed && !view.bands.some((band) => band.id === line.id)) shapes.push({ parts: runsOf(view, at, box, line.xs, line.basis), stroke: look.stroke, width: 0.75, dash: [], alpha: alpha * 0.35 });
  shapes.push({ parts: parts.filter((part) => part.length > 2), stroke: look.stroke, width, dash: look.dash, alpha });
  const few = line.xs.length * 9 < box.width;
  if (!alone || few || parts.some((part) => part.length === 2)) {
    const polygons = markers(parts, line, box, look, few, alone ? 2 : 3.2);
    shapes.push({ polygons, stroke: look.stroke, fill: look.filled ? look.stroke : colour("--raised"), width: 1, alpha });
  }
  return shapes;
}

function flawShape(flaw, at, box) {
  const x = at.x(flaw.x);
  if (flaw.kind === "NaN") {
    const y = box.top + box.height - 6;
    return { parts: [[x - 3, y - 3, x + 3, y + 3], [x - 3, y + 3, x + 3, y - 3]], stroke: flaw.look.stroke, width: 1.5, dash: [], alpha: 1 };
  }
  const up = flaw.kind === "Infinity";
  const [y, tip] = up ? [box.top + 7, box.top + 1] : [box.top + box.height - 7, box.top + box.height - 1];
  return { polygons: [[x - 4, y, x + 4, y, x, tip]], stroke: flaw.look.stroke, fill: flaw.look.stroke, width: 1, alpha: 1 };
}

function around(upper, lower = []) {
  const area = Array.from(upper);
  for (let index = lower.length - 2; index >= 0; index -= 2) area.push(lower[index], lower[index + 1]);
  return area;
}

// `lit`: the run that stands out. Shapes are {parts} (lines), {area} (a polygon) or {polygons} (markers), bottom first;
// each line and polygon is a list of x, y, x, y …
export function shapesOf(view, box, lit) {
  const at = scales(view, box);
  const shapes = [];
  const alone = view.lines.length === 1;
  const dense = view.lines.reduce((sum, line) => sum + line.xs.length, 0) >= MANY;
  const faint = (id) => (lit && view.lines.some((line) => line.id === lit) && id !== lit ? 0.18 : 1);
  for (const band of view.bands) {
    const upper = runsOf(view, at, box, band.xs, band.high);
    const lower = runsOf(view, at, box, band.xs, band.low);
    upper.forEach((part, index) => shapes.push({ area: around(part, lower[index]), fill: band.look.stroke, alpha: 0.16 * faint(band.id) }));
  }
  const behind = view.means ? 0.22 : 1;
  const ordered = lit ? [...view.lines].sort((a, b) => (a.id === lit) - (b.id === lit)) : view.lines;
  for (const line of ordered) {
    const strong = line.id === lit;
    shapes.push(...lineShapes(view, at, box, line, { alone, alpha: strong ? 1 : behind * faint(line.id), width: strong ? 2.5 : view.means || dense ? 1 : 1.5 }));
  }
  for (const line of view.means ?? []) shapes.push(...lineShapes(view, at, box, line, { alone: view.means.length === 1, alpha: 1, width: 2.2 }));
  for (const event of view.events) {
    const x = at.x(event.x);
    shapes.push({ parts: [[x, box.top, x, box.top + box.height]], stroke: event.look.stroke, width: 1, dash: [2, 3], alpha: 0.8 * faint(event.id) });
    shapes.push({ polygons: [[x, box.top + 9, x, box.top, x + 8, box.top + 4.5]], stroke: event.look.stroke, fill: event.look.stroke, width: 1, alpha: faint(event.id) });
  }
  shapes.push(...view.flaws.map((flaw) => flawShape(flaw, at, box)));
  return shapes;
}

function trace(context, points) {
  context.moveTo(points[0], points[1]);
  for (let index = 2; index < points.length; index += 2) context.lineTo(points[index], points[index + 1]);
}

export function paint(context, shapes, box, ratio) {
  context.save();
  context.scale(ratio, ratio);
  context.beginPath();
  context.rect(box.left - 1, box.top - 1, box.width + 2, box.height + 2);
  context.clip();
  context.lineJoin = "round";
  for (const shape of shapes) {
    context.globalAlpha = shape.alpha;
    context.beginPath();
    if (shape.area) trace(context, shape.area);
    for (const part of shape.parts ?? shape.polygons ?? []) {
      trace(context, part);
      if (shape.polygons) context.closePath();
    }
    if (shape.fill) {
      context.fillStyle = shape.fill;
      context.fill();
    }
    if (shape.stroke) {
      context.strokeStyle = shape.stroke;
      context.lineWidth = shape.width;
      context.setLineDash(shape.dash ?? []);
      context.stroke();
    }
  }
  context.restore();
}
