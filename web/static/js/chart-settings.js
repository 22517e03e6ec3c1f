// <chart-settings>: how all charts of the page are drawn. It makes its own fields, and keeps nothing: chart-state.js does.
//
// Attributes: `metrics`, a JSON list of the metrics that can be x; `keys`, one of the params and tags that can give colours,
// as params.KEY and tags.KEY.
import { SPANS, state } from "./chart-state.js";
import { instant } from "./chart-axes.js";

const make = (tag, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};
const option = (value, text) => make("option", { value, textContent: text });
const labelled = (text, field, after = "") => make("label", { className: "row" }, `${text} `, field, after);
const select = (name, choices) => make("select", { name }, ...choices.map(([value, text]) => option(value, text)));
const check = (name, text) => make("label", { className: "check" }, make("input", { type: "checkbox", name }), text);
const ends = (name, text) =>
  make("fieldset", { className: "ends" }, make("legend", { textContent: text }), ...["from", "to"].map((end) => make("label", {}, `${end} `, make("input", { type: "text", name: `${name}-${end}`, size: 10, autocomplete: "off" }))));

const toSlider = (span) => Math.log(span / SPANS[0]) / Math.log(SPANS[1] / SPANS[0]);
const fromSlider = (place) => Math.round(SPANS[0] * (SPANS[1] / SPANS[0]) ** place);

// What was typed as an end of x or y: a number, a time where x is one, null where it is empty, undefined where it is neither.
function typed(text, isTime) {
  const plain = text.trim();
  if (!plain) return null;
  if (Number.isFinite(Number(plain))) return Number(plain);
  const time = isTime ? Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(plain) ? plain : `${plain.replace(" ", "T")}${plain.includes(":") ? "Z" : ""}`) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

customElements.define(
  "chart-settings",
  class extends HTMLElement {
    connectedCallback() {
      if (this.fields) return;
      const read = (name) => JSON.parse(this.getAttribute(name) || "[]");
      const [metrics, keys] = [read("metrics"), read("keys")];
      const wanted = state.settings.x.startsWith("metrics.") && !metrics.includes(state.settings.x.slice(8)) ? [state.settings.x.slice(8)] : [];
      const x = select("x", [["step", "Step"], ["relative", "Time since start"], ["time", "Clock, UTC"]]);
      if (metrics.length + wanted.length) x.append(make("optgroup", { label: "A metric, by step" }, ...[...wanted, ...metrics].map((key) => option(`metrics.${key}`, key))));
      const span = make("input", { type: "range", name: "span", min: 0, max: 1, step: 0.01 });
      span.setAttribute("aria-label", "Width of smoothing");
      const more = make("details", { className: "menu more-settings" },
        make("summary", { className: "button", textContent: "More" }),
        make("div", { className: "sheet" },
          check("outliers", "Leave outliers out of sight"),
          labelled("Band", select("band", [["none", "None"], ["line", "Least to greatest of a place"], ["minmax", "Least to greatest of runs"], ["sd", "Mean ± deviation of runs"], ["sem", "Mean ± error of the mean"]])),
          labelled("Best so far", select("sofar", [["none", "No"], ["min", "Least"], ["max", "Greatest"]])),
          ends("y", "Range of y"),
          ends("zoom", "Range of x"),
          make("p", { className: "error", role: "alert", hidden: true })));
      this.append(
        labelled("X", x), check("xlog", "log"), make("span", { className: "gap" }), make("span", { className: "soft", textContent: "Y" }), check("ylog", "log"),
        labelled("Smoothing", select("smooth", [["none", "None"], ["ema", "Average (EMA)"], ["gaussian", "Gaussian"], ["median", "Median"]]), make("span", { className: "row span" }, span, make("output"))),
        ...(keys.length ? [labelled("Colour by", select("colour", [["run", "Run"], ...keys.map((key) => [key, key])]))] : []),
        more,
        make("button", { type: "button", className: "button", name: "reset", textContent: "Reset zoom" }));
      this.querySelector("[name=ylog]").setAttribute("aria-label", "Logarithmic y");
      this.querySelector("[name=xlog]").setAttribute("aria-label", "Logarithmic x");
      this.fields = (name) => this.querySelector(`[name="${name}"]`);
      this.addEventListener("change", (event) => this.changed(event.target));
      this.addEventListener("input", (event) => event.target.name === "span" && state.set({ span: fromSlider(Number(event.target.value)) }));
      this.addEventListener("click", (event) => event.target.name === "reset" && state.set({ zoom: null }));
      this.onChange = () => this.show();
      state.addEventListener("change", this.onChange);
      this.hidden = false;
      this.show();
    }

    disconnectedCallback() {
      state.removeEventListener("change", this.onChange);
    }

    changed(field) {
      const { name, value } = field;
      if (["x", "smooth", "band", "sofar", "colour"].includes(name)) state.set({ [name]: value });
      else if (["xlog", "ylog", "outliers"].includes(name)) state.set({ [name]: field.checked });
      else if (/^(y|zoom)-/.test(name)) this.range(name.split("-")[0]);
    }

    range(axis) {
      const isTime = axis === "zoom" && state.settings.x === "time";
      const found = ["from", "to"].map((end) => typed(this.fields(`${axis}-${end}`).value, isTime));
      const whole = axis === "zoom" && found.some((end) => end !== null) ? [...state.charts].find((chart) => chart.view)?.view.whole : null;
    if (whole) found.forEach((end, at) => (found[at] = end === null ? whole[at] : end)); // one end alone: as far as there are points
    const both = found.every((end) => end !== null && end !== undefined);
      const wrong = found.includes(undefined) ? `Type a number${isTime ? " or a time such as 2026-11-28 14:30" : ""}.` : both && found[0] >= found[1] ? "The first end must be below the second." : "";
      const error = this.querySelector(".error");
      error.textContent = wrong;
      error.hidden = !wrong;
      if (wrong) return;
      if (axis === "y") state.set({ range: found });
      else if (both) state.set({ zoom: found });
      else if (found.every((end) => end === null)) state.set({ zoom: null });
    }

    show() {
      const { settings } = state;
      for (const name of ["x", "smooth", "sofar", "colour"]) if (this.fields(name)) this.fields(name).value = settings[name];
      this.fields("band").value = state.band;
      for (const name of ["xlog", "ylog", "outliers"]) this.fields(name).checked = settings[name];
      this.fields("xlog").disabled = settings.x === "time";
      const span = this.querySelector(".span");
      span.hidden = settings.smooth === "none";
      if (document.activeElement !== this.fields("span")) this.fields("span").value = toSlider(settings.span);
      span.querySelector("output").textContent = `${settings.span.toLocaleString("en")} points`;
      for (const [axis, values] of [["y", settings.range], ["zoom", settings.zoom ?? [null, null]]]) {
        values.forEach((value, at) => {
          const field = this.fields(`${axis}-${["from", "to"][at]}`);
          if (field !== document.activeElement) field.value = value === null ? "" : axis === "zoom" && settings.x === "time" ? instant(value) : value;
        });
      }
      this.fields("reset").hidden = !settings.zoom;
      const set = [settings.outliers, (settings.band ?? "none") !== "none", settings.sofar !== "none", settings.range.some((end) => end !== null)].filter(Boolean).length;
      this.querySelector("summary").textContent = set ? `More (${set})` : "More";
    }
  },
);
