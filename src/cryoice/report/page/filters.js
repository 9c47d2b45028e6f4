// Which micrographs the gallery shows, and in which order.

const filters = { text: "", verdict: "", reviewed: "", present: "" };
const sorting = { by: "list", down: false };
let order = micrographs.map((_, id) => id); // shown ones
let accepts = new Uint8Array(micrographs.length);
const ranked = micrographs.some((one) => one.rank !== null);

function sortKeys() {
  const keys = { list: "order of the list", name: "name" };
  if (ranked) keys.next = "most to find";
  for (const [key, { title, measured }] of Object.entries(STATISTICS)) if (measured) keys[key] = title;
  return keys;
}

const names = new Intl.Collator(undefined, { numeric: true });

/** Compare two micrographs; what is not measured or has no rank comes last either way. */
function compare(a, b) {
  const { by, down } = sorting, sign = down ? -1 : 1;
  if (by === "list") return sign * (a - b);
  const [left, right] = [a, b].map((id) => micrographs[id][by === "next" ? "rank" : by]);
  if (left === null || right === null) return (left === null) - (right === null) || a - b;
  const found = by === "name" ? names.compare(left, right) : left - right;
  return sign * found || a - b;
}

let sorted = order;
function sortAnew() {
  sorted = micrographs.map((_, id) => id).sort(compare);
}

function isShown(id) {
  const one = micrographs[id];
  if (filters.verdict && filters.verdict !== (accepts[id] ? "accepted" : "rejected")) return false;
  if (filters.reviewed && (filters.reviewed === "yes") !== isReviewed(id)) return false;
  if (filters.present === "unsure" ? !one.unsure : filters.present && !one[filters.present]) return false;
  if (filters.text && !one.name.toLowerCase().includes(filters.text)) return false;
  return isMarked(one);
}

function recount() {
  accepts = Uint8Array.from(micrographs, (_, id) => verdictOf(id) === "accepted");
  order = sorted.filter(isShown);
  const accepted = accepts.reduce((sum, one) => sum + one, 0);
  byId("accepted").textContent = accepted;
  byId("rejected").textContent = micrographs.length - accepted;
  byId("undecided").textContent = micrographs.length - verdicts.size;
  byId("shown").textContent = `${order.length} of ${micrographs.length} shown`;
}

function buildFilters(changed) {
  const options = (select, entries) => select.append(...entries.map(([value, text]) => make("option", { value }, text)));
  options(byId("present"), [["", "any class"], ...ARTIFACTS.map((name) => [name, `with ${name}`]), ["unsure", "with unsure"]]);
  options(byId("sort"), Object.entries(sortKeys()));
  if (ranked) sorting.by = "next";
  byId("sort").value = sorting.by;
  for (const name of ["verdict", "reviewed", "present"]) {
    byId(name).addEventListener("change", () => {
      filters[name] = byId(name).value;
      changed();
    });
  }
  byId("text").addEventListener("input", () => {
    filters.text = byId("text").value.trim().toLowerCase();
    changed();
  });
  const resort = () => {
    sorting.by = byId("sort").value;
    sorting.down = byId("down").getAttribute("aria-pressed") === "true";
    byId("down").textContent = sorting.down ? "↓ falling" : "↑ rising";
    sortAnew();
    changed();
  };
  byId("sort").addEventListener("change", () => {
    const measured = byId("sort").value in STATISTICS; // of these the worst come first
    byId("down").setAttribute("aria-pressed", String(measured));
    resort();
  });
  byId("down").addEventListener("click", () => {
    byId("down").setAttribute("aria-pressed", String(!sorting.down));
    resort();
  });
  sortAnew();
}

let marksShown = "";

/** A button for each mark on the plots, which takes it away. */
function showMarks(changed) {
  if (marksShown === JSON.stringify(marks)) return;
  marksShown = JSON.stringify(marks);
  const chips = Object.keys(marks).map((key) => {
    const text = `${STATISTICS[key].title} ${toldMark(key)}`;
    const chip = make("button", { type: "button", className: "chip", "aria-label": `Show all: no longer only ${text}` }, `${text} ×`);
    chip.addEventListener("click", () => {
      delete marks[key];
      changed();
    });
    return chip;
  });
  byId("marks").replaceChildren(...chips);
}
