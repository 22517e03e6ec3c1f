// What a chart gives away: a picture as PNG or SVG, its points as CSV or as a table.
import { exactX, instant } from "./chart-axes.js";
import { barsIn } from "./chart-bars.js";
import { shapesOf } from "./chart-paint.js";
import { state } from "./chart-state.js";
import { OF_MEANS } from "./chart-view.js";
import { make } from "./elements.js";
import { colour, outline } from "./looks.js";

const MOST_ROWS = 500;
const nameOf = (line) => line.label ?? state.runs.get(line.id)?.name ?? line.id;
const shortNameOf = (line) => state.runs.get(line.id)?.short ?? nameOf(line);
const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const fixed = (number) => Number(number.toFixed(2));

export function save(content, type, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export const fileName = (key, suffix) => `${key.replace(/[^\w.-]+/g, "_")}.${suffix}`;

function shapeText(shape) {
  const path = (points, closed) => {
    const corners = Array.from({ length: points.length / 2 }, (_, at) => `${at ? "L" : "M"}${fixed(points[2 * at])} ${fixed(points[2 * at + 1])}`);
    return corners.join("") + (closed ? "Z" : "");
  };
  const d = shape.area ? path(shape.area, true) : (shape.parts ?? shape.polygons).map((part) => path(part, Boolean(shape.polygons))).join("");
  const stroke = shape.stroke ? ` stroke="${shape.stroke}" stroke-width="${shape.width}" stroke-dasharray="${(shape.dash ?? []).join(" ")}"` : "";
  return d ? `<path d="${d}" fill="${shape.fill ?? "none"}" opacity="${shape.alpha}" stroke-linejoin="round"${stroke}/>` : "";
}

function legendText(lines, top, width, soft) {
  if (lines.length < 2) return { text: "", height: 0 };
  const columns = Math.max(1, Math.floor(width / 250));
  const text = lines.map((line, at) => {
    const [x, y] = [12 + (at % columns) * 250, top + 14 + Math.floor(at / columns) * 18];
    const corners = outline(line.look.shape, x + 11, y - 4, 3.2).map((corner) => corner.map(fixed).join()).join(" ");
    return `<path d="M${x} ${y - 4}h22" stroke="${line.look.stroke}" stroke-width="1.5" stroke-dasharray="${line.look.dash.join(" ")}"/><polygon points="${corners}" stroke="${line.look.stroke}" fill="${line.look.filled ? line.look.stroke : colour("--raised")}"/><text x="${x + 28}" y="${y}" fill="${soft}">${escaped(short(shortNameOf(line), 34))}</text>`;
  });
  return { text: text.join(""), height: 10 + 18 * Math.ceil(lines.length / columns) };
}

const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

// The picture around what is drawn, below the name of the metric.
function framed(key, width, height, inside) {
  const title = `<text x="12" y="18" font-weight="600" fill="${colour("--text")}">${escaped(key)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="${colour("--raised")}"/>${title}<g transform="translate(0 26)">${inside}</g></svg>`;
}

function barsDrawing(view, key, all) {
  const width = Math.max(420, all);
  const [text, room] = [colour("--text"), width - 330];
  const rows = barsIn(view).map((row, at) => {
    const y = at * 20 + 4;
    const bar = `<rect x="${fixed(230 + (row.left * room) / 100)}" y="${y}" width="${fixed(Math.max(2, (row.width * room) / 100))}" height="12" fill="${row.line.look.stroke}"/>`;
    return `<text x="12" y="${y + 10}" fill="${text}">${escaped(short(row.name, 34))}</text>${bar}<text x="${width - 12}" y="${y + 10}" text-anchor="end" fill="${text}">${escaped(row.text)}</text>`;
  });
  return framed(key, width, rows.length * 20 + 36, rows.join(""));
}

function drawing(chart, key) {
  const { view, plot } = chart;
  const { width, height } = chart.size();
  if (!plot) return chart.bars?.isConnected ? barsDrawing(view, key, width) : framed(key, 360, 70, `<text x="12" y="20" fill="${colour("--soft")}">${escaped(chart.message.textContent)}</text>`);
  const [box, soft, line] = [chart.box(plot), colour("--soft"), colour("--line")];
  const x = (place) => fixed(box.left + ((place - view.xr[0]) / (view.xr[1] - view.xr[0])) * box.width);
  const y = (place) => fixed(box.top + box.height - ((place - view.yr[0]) / (view.yr[1] - view.yr[0])) * box.height);
  const down = chart.xTicks.map(([at, text]) => `<path d="M${x(at)} ${box.top}v${box.height}" stroke="${line}"/>${text.split("\n").map((part, row) => `<text x="${x(at)}" y="${box.top + box.height + 16 + row * 13}" text-anchor="middle" fill="${soft}">${escaped(part)}</text>`).join("")}`);
  const across = chart.yTicks.map(([at, text]) => `<path d="M${box.left} ${y(at)}h${box.width}" stroke="${line}"/><text x="${box.left - 6}" y="${y(at) + 4}" text-anchor="end" fill="${soft}">${escaped(text)}</text>`);
  const legend = legendText(view.means ?? view.lines, height, width, soft);
  const shapes = shapesOf(view, box, null).map(shapeText).join("");
  const inside = `<clipPath id="inside"><rect x="${box.left}" y="${box.top - 1}" width="${box.width}" height="${box.height + 2}"/></clipPath>${down.join("")}${across.join("")}<g clip-path="url(#inside)">${shapes}</g>${legend.text}`;
  return framed(key, width, height + legend.height + 26, inside);
}

export function svg(chart, key) {
  save(drawing(chart, key), "image/svg+xml", fileName(key, "svg"));
}

export async function png(chart, key) {
  const text = drawing(chart, key);
  const picture = new Image();
  picture.src = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width * 2, height: picture.height * 2 });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(picture.src);
  canvas.toBlob((blob) => save(blob, "image/png", fileName(key, "png")));
}

// The points in sight: [run, id, step, time, value, shown value].
function rows(view, row = (line, at) => [nameOf(line), line.id, line.step[at], `${instant(line.time[at])}`, line.value[at], line.ys[at], line.xs[at]]) {
  const [from, to] = view.xr.map(view.x.from);
  const inSight = (x) => view.single || (x >= from && x <= to); // bars stand whatever the zoom is
  return view.lines.flatMap((line) => [...line.xs.keys()].filter((at) => inSight(line.xs[at])).map((at) => row(line, at)));
}

const ofGroups = ({ lines }) => lines.some((line) => line.n);
const meansOf = (view) => rows(view, (line, at) => [nameOf(line), line.xs[at], line.value[at], ...OF_MEANS.map((name) => line[name][at])]);

// A value of a CSV file; what a spreadsheet would take for a formula is text.
export const cell = (value) => (/^[=+@\t\r]|[",\n]/.test(String(value)) ? `"${String(value).replace(/^([=+@\t\r])/, "'$1").replaceAll('"', '""')}"` : String(value));

export function csv(chart, key) {
  const put = (all) => save(all.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n", "text/csv", fileName(key, "csv"));
  const kind = state.settings.x;
  if (ofGroups(chart.view)) return put([["group", kind, "mean", ...OF_MEANS], ...meansOf(chart.view)]);
  const own = kind.startsWith("metrics.");
  const changed = state.settings.smooth !== "none" || state.settings.sofar !== "none";
  const head = ["run", "run_id", "step", "time_utc", key, ...(changed ? [`${key}, as drawn`] : []), ...(own ? [kind.slice(8)] : [])];
  const lines = rows(chart.view).map(([name, id, step, time, value, shown, x]) => [name, id, step, time, value, ...(changed ? [shown] : []), ...(own ? [x] : [])]);
  put([head, ...lines]);
}

function tableOf(chart, key) {
  const grouped = ofGroups(chart.view);
  const all = grouped ? meansOf(chart.view) : rows(chart.view);
  const table = make("table", { className: "grid" });
  const cut = all.length > MOST_ROWS ? `the first ${MOST_ROWS} of ${all.length.toLocaleString("en")} points in sight` : `${all.length} points in sight`;
  table.append(make("caption", { textContent: `${key}: ${cut}` }));
  const own = state.settings.x.startsWith("metrics.");
  const head = table.createTHead().insertRow();
  for (const text of grouped ? ["Group", "X", "Mean", ...OF_MEANS] : ["Run", "Step", "Logged, UTC", "Value", ...(own ? [state.settings.x.slice(8)] : [])]) head.append(make("th", { textContent: text, scope: "col" }));
  const body = table.createTBody();
  const number = (text) => make("td", { textContent: text, className: "n" });
  const plain = (text) => make("td", { textContent: text });
  for (const cells of all.slice(0, MOST_ROWS)) {
    const row = body.insertRow();
    if (grouped) row.append(...cells.map((cell, at) => (at ? number(cell) : plain(cell))));
    else {
      const [name, , step, time, value, , x] = cells;
      row.append(plain(name), number(step), plain(time), number(value), ...(own ? [number(exactX(x, state.settings.x))] : []));
    }
  }
  return table;
}

// A table below the chart, of what the chart shows; it goes when it is asked for again.
export function data(chart, key, button) {
  if (chart.table) {
    chart.table.remove();
    chart.removeEventListener("chart-drawn", chart.fill);
    chart.table = null;
    button.textContent = "Show data";
    return;
  }
  chart.table = make("div", { className: "box tall chart-data", tabIndex: 0 });
  chart.fill = () => {
    const { scrollTop } = chart.table;
    chart.table.replaceChildren(tableOf(chart, key));
    chart.table.scrollTop = scrollTop;
  };
  chart.addEventListener("chart-drawn", chart.fill);
  chart.fill();
  chart.after(chart.table);
  button.textContent = "Hide data";
}
