// The review: actions in the order made, limits, and what follows of them.

const LIMITS = ["bad", ...ARTIFACTS, "unsure", "iciness"];
const review = { actions: [], limits: {} }; // a limit that is missing limits nothing; of "bad", the verdict of the mask holds
const verdicts = new Map(); // by micrograph, given by eye
const corrections = new Map(); // by micrograph, its region, disc and whole actions
const STORE = `cryoice-review-${data.digest}`;
let keeps = true;

function passes(micrograph) {
  if (!("bad" in review.limits) && micrograph.verdict !== "good") return false;
  for (const [key, limit] of Object.entries(review.limits)) {
    if (micrograph[key] !== null && micrograph[key] > limit) return false;
  }
  return true;
}

const verdictOf = (id) => verdicts.get(id) ?? (passes(micrographs[id]) ? "accepted" : "rejected");
const isReviewed = (id) => verdicts.has(id) || corrections.has(id);
const correctionsOf = (id) => corrections.get(id) ?? [];

function take(action) {
  if (action.kind === "verdict") verdicts.set(action.id, action.label);
  else corrections.set(action.id, [...correctionsOf(action.id), action]);
}

function takeAnew() {
  verdicts.clear();
  corrections.clear();
  review.actions.forEach(take);
}

function act(action) {
  if (action.kind === "verdict" && verdicts.get(action.id) === action.label) return;
  review.actions.push(action);
  take(action);
  keep();
}

/** Take back the last action, of one micrograph or of all; return it. */
function undo(id) {
  const place = review.actions.findLastIndex((action) => id === undefined || action.id === id);
  if (place < 0) return undefined;
  const [undone] = review.actions.splice(place, 1);
  takeAnew();
  keep();
  return undone;
}

function setLimit(key, value) {
  if (value === undefined) delete review.limits[key];
  else review.limits[key] = value;
}

function asText() {
  const { limits, actions } = review;
  return JSON.stringify({ cryoice: "review", digest: data.digest, limits, corrections: actions.map(rowOf) });
}

function keep() {
  try {
    localStorage.setItem(STORE, asText());
  } catch {
    if (keeps) say("This browser keeps nothing: export the review before the page is closed.");
    keeps = false;
  }
}

function restore() {
  try {
    const kept = localStorage.getItem(STORE);
    if (kept) replaceReview(JSON.parse(kept));
  } catch {
    keeps = false;
  }
}

const COLUMNS = ["micrograph", "stem", "kind", "row", "column", "radius", "label"];
const byStem = new Map(micrographs.map((micrograph, id) => [micrograph.stem.trim(), id]));
const LABELS = [...classes, "unknown"];
const LABELS_OF = {
  verdict: ["accepted", "rejected"],
  region: LABELS,
  disc: LABELS,
  whole: ["right", ...LABELS],
};

function rowOf(action) {
  const { name, stem } = micrographs[action.id];
  return [name, stem, ...COLUMNS.slice(2).map((column) => action[column] ?? "")].map(String);
}

/** Action of a row of cells; undefined where it makes no sense here. */
function actionOf(cells) {
  const [name, stem, kind, row, column, radius, label] = cells.map((cell) => String(cell).trim());
  const id = byStem.get(stem);
  if (id === undefined || micrographs[id].name.trim() !== name) return undefined;
  if (!Object.hasOwn(LABELS_OF, kind) || !LABELS_OF[kind].includes(label)) return undefined;
  const action = { id, kind, label };
  if (kind === "region" || kind === "disc") Object.assign(action, { row: Number(row), column: Number(column) });
  if (kind === "disc") action.radius = Number(radius);
  const numbers = [action.row ?? 0, action.column ?? 0, action.radius ?? 1];
  return numbers.every(Number.isFinite) && numbers[2] > 0 ? action : undefined;
}

/** Take over what was kept or exported; return how many rows are of nothing that this page holds. */
function replaceReview({ limits, corrections: rows }) {
  const actions = rows.map(actionOf);
  review.actions = actions.filter((action) => action !== undefined);
  if (limits) {
    const known = Object.entries(limits).filter(([key, value]) => LIMITS.includes(key) && Number.isFinite(value));
    review.limits = Object.fromEntries(known);
  }
  takeAnew();
  return actions.length - review.actions.length;
}
