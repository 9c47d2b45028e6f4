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
  download("corrections.csv", csvOf([COLUMNS, ...review.actions.map(rowOf)]));
  say(`corrections.csv: ${review.actions.length} rows`);
}

function exportReview() {
  download("review.json", asText());
  say(`review.json: ${review.actions.length} actions and the limits`);
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

function parseReview(text) {
  const plain = text.replace(/^\ufeff/, "");
  if (plain.trimStart().startsWith("{")) {
    const found = JSON.parse(plain);
    if (found.cryoice !== "review") throw new Error("no review of cryoice");
    return found;
  }
  const [head, ...rows] = csvRows(plain);
  const places = COLUMNS.map((column) => head?.indexOf(column) ?? -1);
  if (places.includes(-1)) throw new Error(`no column ${COLUMNS[places.indexOf(-1)]}`);
  return { corrections: rows.map((row) => places.map((place) => row[place] ?? "")) };
}

async function importReview(file) {
  try {
    const lost = replaceReview(parseReview(await file.text()));
    keep();
    const left = lost ? `; ${lost} rows left out, of micrographs that this page does not hold or without sense` : "";
    say(`${file.name}: ${review.actions.length} actions${left}`);
  } catch (error) {
    say(`${file.name}: is no review.json nor corrections.csv (${error.message})`);
  }
}
