// Sliders that accept and reject, each below the histogram of its statistic.

const STEPS = 200;
const histograms = [];
const limitRows = {};

/** What the verdicts of the mask amount to: the most bad area of what it called good. */
const asMasked = Math.max(0, ...micrographs.filter((one) => one.verdict === "good").map((one) => one.bad));

/** A round value, so that the number shown is the limit. */
const rounded = (key, value) => (STATISTICS[key].share ? Math.round(value * 1000) / 1000 : Number(value.toPrecision(3)));

function buildLimits(changed) {
  for (const key of Object.keys(STATISTICS)) {
    if (!STATISTICS[key].measured) continue;
    const histogram = new Histogram(key, changed);
    histograms.push(histogram);
    byId("limits").append(LIMITS.includes(key) ? limitRow(key, histogram, changed) : plainRow(key, histogram));
  }
  byId("no-limits").addEventListener("click", () => {
    review.limits = {};
    keep();
    changed();
  });
}

const plainRow = (key, histogram) =>
  make("div", { className: "limit" }, make("span", { className: "name" }, STATISTICS[key].title),
    make("div", { className: "plot" }, histogram.canvas));

function limitRow(key, histogram, changed) {
  const { title, share, fromUnit, toUnit } = STATISTICS[key];
  const slider = make("input", { type: "range", id: `limit-${key}`, min: 0, max: STEPS, step: 1, "aria-label": `Most ${title}` });
  const number = make("input", {
    type: "number", id: `number-${key}`, min: 0, step: share ? 0.1 : 0.01, "aria-label": `Most ${title}${share ? ", %" : ""}`,
  });
  const reset = make("button", { type: "button", title: "No limit of its own", "aria-label": `No limit of ${title}` }, "×");
  const set = (value) => {
    setLimit(key, value);
    changed();
  };
  slider.addEventListener("input", () => set(rounded(key, fromUnit(slider.value / STEPS))));
  slider.addEventListener("change", keep);
  number.addEventListener("input", () => {
    const value = number.value === "" ? undefined : Number(number.value) / (share ? 100 : 1);
    if (value === undefined || value >= 0) set(value);
    keep();
  });
  reset.addEventListener("click", () => {
    set(undefined);
    keep();
  });
  const unit = make("span", { className: "unit" }, share ? "%" : "");
  limitRows[key] = { slider, number, reset, toUnit };
  return make("div", { className: "limit" }, make("span", { className: "name" }, `most ${title}`), number, unit, reset,
    make("div", { className: "plot" }, histogram.canvas, slider));
}

function showLimits() {
  for (const [key, { slider, number, reset, toUnit }] of Object.entries(limitRows)) {
    const limit = review.limits[key], shown = limit ?? (key === "bad" ? asMasked : Infinity);
    const steps = Math.round(Math.min(1, toUnit(shown)) * STEPS);
    if (Number(slider.value) !== steps) slider.value = steps;
    slider.setAttribute("aria-valuetext", limit === undefined ? (key === "bad" ? "as masked" : "any") : told(key, limit));
    number.placeholder = key === "bad" ? "as masked" : "any";
    const text = limit === undefined ? "" : String(Number((limit * (STATISTICS[key].share ? 100 : 1)).toFixed(4)));
    if (document.activeElement !== number) number.value = text;
    reset.disabled = limit === undefined;
  }
}
