// Puts the parts together.

function refresh() {
  recount();
  showLimits();
  showMarks(changed);
  histograms.forEach((histogram) => histogram.draw(accepts));
  drawScatter(accepts);
  layOut();
  tellOne();
}
const changed = oncePerFrame(refresh);

function layerToggle(name) {
  const input = make("input", { type: "checkbox", checked: true });
  input.dataset.layer = name;
  input.addEventListener("change", () => setLayer(name, input.checked));
  const square = make("i", { className: `swatch ${name === "unsure" ? "dotted" : ""}`, "aria-hidden": "true" }, SHORT[name] ?? "");
  const colour = name === "no data" ? colours[NO_DATA] : colours[classes.indexOf(name)];
  if (colour) square.style.background = colour;
  return make("label", { className: "layer" }, input, square, name);
}

/** Rows of the large view's table: every statistic, those that are drawn with a switch. */
function layerRows() {
  return [...Object.keys(STATISTICS), "no data"].map((key) => {
    const share = make("td"), after = make("td");
    if (key in STATISTICS) [share.dataset.share, after.dataset.corrected] = [key, key];
    return make("tr", {}, make("th", { scope: "row" }, key in layers ? layerToggle(key) : STATISTICS[key].title), share, after);
  });
}

function listenToFiles() {
  byId("export-accepted").addEventListener("click", () => exportStar("accepted"));
  byId("export-rejected").addEventListener("click", () => exportStar("rejected"));
  byId("export-corrections").addEventListener("click", exportCorrections);
  byId("export-review").addEventListener("click", exportReview);
  byId("import-button").addEventListener("click", () => byId("import").click());
  byId("import").addEventListener("change", async () => {
    const [file] = byId("import").files;
    if (file) await importReview(file);
    byId("import").value = "";
    changed();
  });
}

catchUp();
if (matchMedia("(max-width: 800px)").matches) document.querySelectorAll("details").forEach((part) => (part.open = false));
buildFilters(() => {
  byId("gallery").scrollTop = 0;
  changed();
});
buildLimits(changed);
byId("layers").append(...Object.keys(layers).map(layerToggle));
byId("one-layers").append(...layerRows());
buildOne();
listenToScatter(changed, openOne);
listenToFiles();
listenToOtherTabs(() => {
  changed();
  if (byId("one").open) drawOne();
});
listenToKeys();
byId("gallery").addEventListener("scroll", oncePerFrame(layOut), { passive: true });
document.querySelectorAll("details").forEach((part) => part.addEventListener("toggle", changed));
new ResizeObserver(() => {
  changed();
  if (byId("one").open) drawOne();
}).observe(document.body);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  inks.clear();
  changed();
});
refresh();
current = order[0] ?? 0;
layOut();
byId("gallery").focus({ preventScroll: true });
if (!keeps) say("This browser keeps nothing: export the review before the page is closed.");
document.documentElement.dataset.ready = "yes";
