// Rows of the files and of what the browser keeps, and the actions that they tell.

const COLUMNS = ["micrograph", "stem", "kind", "row", "column", "radius", "label"];
const DIGEST = "digest";
const byStem = new Map(micrographs.map((micrograph, id) => [micrograph.stem.trim(), id]));
const LABELS = [...classes, "unknown"];
const LABELS_OF = {
  verdict: ["accepted", "rejected"],
  region: LABELS,
  disc: LABELS,
  whole: ["right", ...LABELS],
};
const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** Cells of an action, the digest of its mask last; of an import, what it replaced. */
function rowOf(action) {
  if (action.kind === "import") return { before: action.before };
  const { name, stem } = micrographs[action.id];
  return [name, stem, ...[...COLUMNS.slice(2), DIGEST].map((column) => action[column] ?? "")].map(String);
}

/** What a file tells: all but the imports. */
const exportedRows = () => review.actions.filter((action) => action.kind !== "import").map(rowOf);

/** Number of a cell within bounds, both included; undefined of any other. */
function numberIn(cell, least, most) {
  const value = DECIMAL.test(cell) ? Number(cell) : NaN;
  return value >= least && value <= most ? value : undefined;
}

/** Action of a row of cells; undefined where it makes no sense here. */
function actionOf(cells) {
  const [name, stem, kind, row, column, radius, label, digest = ""] = cells.map((cell) => String(cell).trim());
  const id = byStem.get(stem);
  if (id === undefined || micrographs[id].name.trim() !== name) return undefined;
  if (!Object.hasOwn(LABELS_OF, kind) || !LABELS_OF[kind].includes(label)) return undefined;
  const action = { id, kind, label, digest }, { height, width } = micrographs[id];
  if (kind === "region" || kind === "disc") {
    Object.assign(action, { row: numberIn(row, -0.5, height), column: numberIn(column, -0.5, width) });
  }
  if (kind === "disc") action.radius = numberIn(radius, Number.MIN_VALUE, Number.MAX_VALUE);
  return Object.values(action).includes(undefined) ? undefined : action;
}

/** Whether a correction was made on another mask; where one of the two is not known, it may stay. */
function isOfOtherMask({ id, kind, digest }) {
  const now = micrographs[id].digest;
  return kind !== "verdict" && digest !== "" && now !== "" && digest !== now;
}

/** Actions of rows, the rows that make no sense here, and those of masks that have changed. */
function readRows(rows) {
  const found = { actions: [], strange: [], changed: [] };
  for (const row of rows) {
    const action = Array.isArray(row) ? actionOf(row) : { kind: "import", before: row.before };
    if (action === undefined) found.strange.push(row);
    else if (action.kind !== "import" && isOfOtherMask(action)) found.changed.push(row);
    else found.actions.push(action);
  }
  return found;
}

/** Those limits that a slider could set. */
function fittingLimits(limits) {
  const fits = ([key, value]) =>
    LIMITS.includes(key) && Number.isFinite(value) && value >= 0 && (value <= 1 || !STATISTICS[key].share);
  return Object.fromEntries(Object.entries(limits).filter(fits));
}
