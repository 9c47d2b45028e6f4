// Files out of the page and into it.

function download(name, ...parts) {
  const link = make("a", { href: URL.createObjectURL(new Blob(parts)), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Bytes of the list with the rows of one verdict alone, and how many they are. */
function starOf(verdict) {
  const star = bytesOf(data.star), parts = [];
  let done = 0, count = 0;
  for (const [begin, end, id] of data.rows) {
    if (verdictOf(id) === verdict) count++;
    else {
      parts.push(star.subarray(done, begin));
      done = end;
    }
  }
  return { parts: [...parts, star.subarray(done)], count };
}

function exportStar(verdict) {
  const { parts, count } = starOf(verdict);
  download(`${verdict}.star`, ...parts);
  say(`${verdict}.star: ${count} micrographs`);
}

/**
 * A cell after RFC 4180. A blank before = + - @ keeps a spreadsheet from taking a name for a formula;
 * readers take blanks around a cell away.
 */
function csvCell(text) {
  const safe = /^[=+\-@]/.test(text) ? ` ${text}` : text;
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csvOf = (rows) => rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");

function exportCorrections() {
  const rows = exportedRows();
  download("corrections.csv", csvOf([[...COLUMNS, DIGEST], ...rows]));
  say(`corrections.csv: ${rows.length} rows`);
}

function exportReview() {
  const rows = exportedRows();
  download("review.json", JSON.stringify({ cryoice: "review", limits: review.limits, corrections: rows }));
  say(`review.json: ${rows.length} actions and the limits`);
}

/** Rows of cells of a CSV text. */
function csvRows(text) {
  const rows = [[]];
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g;
  while (cells.lastIndex < text.length) {
    const found = cells.exec(text);
    if (!found) throw new Error("a quote does not end");
    rows.at(-1).push(found[1] === undefined ? found[2] : found[1].replaceAll('""', '"'));
    if (found[3] !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

const isPlain = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function parseReview(text) {
  const plain = text.replace(/^\ufeff/, "");
  if (plain.trimStart().startsWith("{")) {
    const found = JSON.parse(plain);
    if (found.cryoice !== "review" || !Array.isArray(found.corrections)) throw new Error("no review of cryoice");
    if (!isPlain(found.limits ?? {})) throw new Error("its limits cannot be read");
    return found;
  }
  const [head, ...rows] = csvRows(plain);
  const places = COLUMNS.map((column) => head?.indexOf(column) ?? -1);
  if (places.includes(-1)) throw new Error(`no column ${COLUMNS[places.indexOf(-1)]}`);
  const all = [...places, head.indexOf(DIGEST)];  // files of older pages tell no digest
  return { corrections: rows.map((row) => all.map((place) => row[place] ?? "")) };
}

async function importReview(file) {
  try {
    const lost = importState(parseReview(await file.text()));
    const left = lost ? `; ${lost} rows or limits left out: of other micrographs or masks, off the micrograph, or without sense` : "";
    say(`${file.name}: ${exportedRows().length} actions${left}. U undoes the import.`);
  } catch (error) {
    say(`${file.name} is not imported, and nothing has changed: ${error.message}`);
  }
}
