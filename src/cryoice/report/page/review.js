// The review: actions in the order made, limits, and what follows of them.

const LIMITS = ["bad", ...ARTIFACTS, "unsure", "iciness"];
/**
 * A limit that is missing limits nothing; of "bad", the verdict of the mask holds. Others are rows of micrographs that this
 * page does not hold, or of masks that have changed: another page of the folder may know them, so they are kept.
 */
const review = { actions: [], limits: {}, others: [] };
const verdicts = new Map(); // by micrograph, given by eye
const corrections = new Map(); // by micrograph, its region, disc and whole actions

function passes(micrograph) {
  if (!("bad" in review.limits) && micrograph.verdict !== "good") return false;
  // as cryoice select: who lacks a share is rejected, whose iciness could not be measured is not
  return Object.entries(review.limits).every(([key, limit]) => {
    const value = micrograph[key];
    return value === null ? !STATISTICS[key].share : value <= limit;
  });
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
  review.actions.filter((action) => action.kind !== "import").forEach(take);
}

function act(action) {
  catchUp();
  if (action.kind === "verdict" && verdicts.get(action.id) === action.label) return;
  const made = { ...action, digest: micrographs[action.id].digest };
  review.actions.push(made);
  take(made);
  keep();
}

/** Take back the last action, of one micrograph or of all; return it. */
function undo(id) {
  catchUp();
  const place = review.actions.findLastIndex((action) => id === undefined || action.id === id);
  if (place < 0) return undefined;
  const [undone] = review.actions.splice(place, 1);
  if (undone.kind === "import") takeOver(undone.before);
  else takeAnew();
  keep();
  return undone;
}

/** Put an exported review in the place of this one, as one step; return how many rows and limits do not fit. */
function importState(found) {
  const rows = found.corrections.map((row) => (Array.isArray(row) ? row : []));
  const { actions, strange, changed } = readRows(rows), limits = fittingLimits(found.limits ?? {});
  if (rows.length && !actions.length) throw new Error(`none of its ${rows.length} rows fits this page`);
  if (!rows.length && !Object.keys(limits).length) throw new Error("it holds no rows");
  catchUp();
  const before = stateOf();
  review.actions = [...actions, { kind: "import", before }];
  if (found.limits) review.limits = limits;
  takeAnew();
  keep();
  return strange.length + changed.length + Object.keys(found.limits ?? {}).length - Object.keys(limits).length;
}

function setLimit(key, value) {
  if (value === undefined) delete review.limits[key];
  else review.limits[key] = value;
}
