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

/** The limit that stands in a box: undefined of an empty one, NaN of what can be none. */
function typedLimit(number, { share }) {
  if (number.validity.badInput) return NaN;
  if (number.value === "") return undefined;
  const value = Number(number.value);
  if (!Number.isFinite(value) || value < 0 || (share && value > 100)) return NaN;
  return share ? Number((value / 100).toPrecision(12)) : value; // 0.7 / 100 is a little below 0.007
}

function limitText(key) {
  const limit = review.limits[key];
  return limit === undefined ? "" : String(Number((limit * (STATISTICS[key].share ? 100 : 1)).toPrecision(12)));
}

/** A box whose number limits while it is typed; what can be no limit brings back the limit of before. */
function limitBox(key, set) {
  const { title, share } = STATISTICS[key];
  const number = make("input", {
    type: "number", id: `number-${key}`, min: 0, step: share ? 0.1 : 0.01, "aria-label": `Most ${title}${share ? ", %" : ""}`,
  });
  let before;
  const remember = () => (before = review.limits[key]);
  number.addEventListener("focus", remember);
  number.addEventListener("input", () => {
    const limit = typedLimit(number, STATISTICS[key]), refused = Number.isNaN(limit);
    number.setAttribute("aria-invalid", String(refused));
    set(refused ? before : limit);
    keep();
  });
  number.addEventListener("change", () => {
    if (Number.isNaN(typedLimit(number, STATISTICS[key]))) say(`Most ${title}: give ${share ? "0 to 100 %" : "a number, 0 or more"}.`);
    number.setAttribute("aria-invalid", "false");
    number.value = limitText(key);
    remember();
  });
  return number;
}

function limitRow(key, histogram, changed) {
  const { title, share, fromUnit, toUnit } = STATISTICS[key];
  const slider = make("input", { type: "range", id: `limit-${key}`, min: 0, max: STEPS, step: 1, "aria-label": `Most ${title}` });
  const reset = make("button", { type: "button", title: "No limit of its own", "aria-label": `No limit of ${title}` }, "×");
  const set = (value) => {
    setLimit(key, value);
    changed();
  };
  const number = limitBox(key, set), note = make("p", { className: "note", id: `unmeasured-${key}`, hidden: true });
  slider.addEventListener("input", () => set(rounded(key, fromUnit(slider.value / STEPS))));
  slider.addEventListener("change", keep);
  reset.addEventListener("click", () => {
    set(undefined);
    keep();
  });
  const unit = make("span", { className: "unit" }, share ? "%" : "");
  limitRows[key] = { slider, number, reset, note, toUnit };
  return make("div", { className: "limit" }, make("span", { className: "name" }, `most ${title}`), number, unit, reset,
    make("div", { className: "plot" }, histogram.canvas, slider), note);
}

/** Accepted ones that a limit could not be held against. */
const unmeasured = (key) => micrographs.filter((one, id) => one[key] === null && accepts[id]).length;

function showLimits() {
  for (const [key, { slider, number, reset, note, toUnit }] of Object.entries(limitRows)) {
    const limit = review.limits[key], shown = limit ?? (key === "bad" ? asMasked : Infinity);
    const steps = Math.round(Math.min(1, toUnit(shown)) * STEPS);
    if (Number(slider.value) !== steps) slider.value = steps;
    slider.setAttribute("aria-valuetext", limit === undefined ? (key === "bad" ? "as masked" : "any") : told(key, limit));
    number.placeholder = key === "bad" ? "as masked" : "any";
    if (document.activeElement !== number) number.value = limitText(key);
    reset.disabled = limit === undefined;
    const missing = limit === undefined || STATISTICS[key].share ? 0 : unmeasured(key);
    note.hidden = missing === 0;
    note.textContent = `${missing} accepted ones have no measured ${STATISTICS[key].title}`;
  }
}
