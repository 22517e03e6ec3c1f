// The fields of a plot: what is on its axes, what gives colours and sizes, and which axes are logarithmic.
import { make } from "./elements.js";
import { MOST_AXES } from "./plot-parallel.js";
import { titleOf } from "./plot-values.js";

const option = (value, textContent) => make("option", { value, textContent });
// [name, label, which columns, may be none]
const FIELDS = {
  parallel: [["c", "Colour", "all", true]],
  scatter: [["x", "X", "all"], ["y", "Y", "all"], ["c", "Colour", "all", true], ["s", "Size", "all", true]],
  pareto: [["x", "X", "metrics"], ["y", "Y", "metrics"], ["c", "Colour", "all", true]],
  contour: [["x", "X", "all"], ["y", "Y", "all"], ["z", "Height", "all"]],
  box: [["by", "By", "all"], ["y", "Y", "metrics"]],
  bar: [["by", "By", "all"], ["y", "Y", "metrics"]],
  hist: [["x", "Of", "all"]],
  matters: [["y", "For", "metrics"]],
};
const LOGGED = { scatter: ["x", "y"], pareto: ["x", "y"], contour: ["x", "y", "z"], box: ["y"], bar: ["y"], hist: ["x"] };

// What a plot begins with, where its address does not say.
export function begun(config, kind) {
  const [first, second] = config.metrics.map((key) => `metrics.${key}`);
  const params = config.params.map((key) => `params.${key}`);
  const plot = { kind, axis: [], log: [] };
  if (kind === "parallel") return { ...plot, axis: config.axes.slice(0, MOST_AXES), c: first };
  if (kind === "matters") return { ...plot, y: first };
  if (kind === "scatter") return { ...plot, x: params[0] ?? second ?? "start_time", y: first ?? "duration" };
  if (kind === "pareto") return { ...plot, x: first, y: second, xbest: better(first), ybest: better(second) };
  if (kind === "contour") return { ...plot, x: params[0] ?? "start_time", y: params[1] ?? second ?? "duration", z: first };
  if (kind === "hist") return { ...plot, x: first ?? "duration" };
  return { ...plot, by: params[0] ?? "status", y: first };
}

const better = (name = "") => (/loss|err|mse|mae|rmse|perplexity|latency|time|seconds|size|cost/i.test(name) ? "min" : "max");

// The columns of the view: options that are made when the field is come to, as there may be many of them.
function choices(config, which, free) {
  const group = (label, kind, keys) => make("optgroup", { label }, ...keys.map((key) => option(`${kind}${key}`, titleOf(config, `${kind}${key}`))));
  const parts = [group("Metrics", "metrics.", config.metrics)];
  if (which === "all") parts.push(group("Params", "params.", config.params), group("Run", "", Object.keys(config.own)));
  return [...(free ? [option("", "None")] : []), ...parts];
}

function select(card, name, label, which, free) {
  const { plot, host } = card;
  const field = make("select", { name });
  const show = (value) => {
    if (value && ![...field.options].some((each) => each.value === value)) field.prepend(option(value, titleOf(host.config, value)));
    field.value = value ?? "";
  };
  field.append(...(free ? [option("", "None")] : plot[name] ? [] : [option("", "Choose…")]));
  show(plot[name]);
  const fill = () => {
    if (field.dataset.filled) return;
    field.dataset.filled = "yes";
    const value = field.value;
    field.replaceChildren(...choices(host.config, which, free || !value));
    show(value);
  };
  field.addEventListener("pointerdown", fill);
  field.addEventListener("focus", fill);
  field.addEventListener("change", () => {
    plot[name] = field.value || undefined;
    if (name === "x" || name === "y") renewBest(card, name);
    card.changed();
  });
  return make("label", { className: "row" }, `${label} `, field);
}

function renewBest(card, name) {
  if (card.plot.kind !== "pareto") return;
  card.plot[`${name}best`] = better(card.plot[name]);
  card.element.querySelector(`[name=${name}best]`).value = card.plot[`${name}best`];
}

function logBox(card, name, label) {
  const { plot } = card;
  const box = make("input", { type: "checkbox", checked: plot.log.includes(name) });
  box.setAttribute("aria-label", `Logarithmic ${label}`);
  box.addEventListener("change", () => {
    plot.log = plot.log.filter((each) => each !== name).concat(box.checked ? [name] : []);
    card.changed();
  });
  return make("label", { className: "check" }, box, "log");
}

function bestOf(card, name) {
  const field = make("select", { name: `${name}best` }, option("max", "high is good"), option("min", "low is good"));
  field.value = card.plot[`${name}best`] ??= better(card.plot[name]);
  field.setAttribute("aria-label", `Which ${name.toUpperCase()} is good`);
  field.addEventListener("change", () => {
    card.plot[`${name}best`] = field.value;
    card.changed();
  });
  return field;
}

// The axes of parallel coordinates: each may be logarithmic, moved and removed.
function axes(card) {
  const { plot, host } = card;
  const list = make("ul", { className: "plot-axes" });
  const button = (text, label, act, disabled = false) => {
    const made = make("button", { type: "button", className: "plain", textContent: text, disabled });
    made.setAttribute("aria-label", label);
    made.addEventListener("click", () => {
      act();
      show();
      card.changed();
    });
    return made;
  };
  const move = (at, by) => plot.axis.splice(at + by, 0, ...plot.axis.splice(at, 1));
  const adding = make("select", { name: "axis" }, option("", "Add an axis…"));
  const fill = () => adding.options.length < 2 && adding.append(...choices(host.config, "all", false));
  adding.setAttribute("aria-label", "Add an axis");
  for (const event of ["pointerdown", "focus"]) adding.addEventListener(event, fill);
  adding.addEventListener("change", () => {
    if (adding.value && !plot.axis.includes(adding.value)) plot.axis.push(adding.value);
    adding.value = "";
    show();
    card.changed();
  });
  function show() {
    list.replaceChildren(
      ...plot.axis.map((name, at) => {
        const title = titleOf(host.config, name);
        return make("li", {}, make("span", { textContent: title, title }), logBox(card, name, title), button("←", `Move ${title} left`, () => move(at, -1), at === 0), button("→", `Move ${title} right`, () => move(at, 1), at === plot.axis.length - 1), button("×", `Remove the axis ${title}`, () => plot.axis.splice(at, 1)));
      }),
    );
    adding.disabled = plot.axis.length >= MOST_AXES;
  }
  show();
  return make("details", { className: "menu" }, make("summary", { className: "button", textContent: "Axes" }), make("div", { className: "sheet" }, list, adding));
}

export function fieldsOf(card) {
  const { kind } = card.plot;
  const row = make("div", { className: "plot-fields" });
  for (const [name, label, which, free] of FIELDS[kind]) {
    const axis = make("span", { className: "of-axis" }, select(card, name, label, which, Boolean(free)));
    if (kind === "pareto" && name !== "c") axis.append(bestOf(card, name));
    if (LOGGED[kind]?.includes(name)) axis.append(logBox(card, name, label));
    row.append(axis);
  }
  if (kind === "parallel") row.append(axes(card));
  return row;
}
