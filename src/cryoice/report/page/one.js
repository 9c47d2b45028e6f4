// One micrograph, large: its numbers, verdict and corrections.

function openOne(id) {
  if (!byId("one").open) byId("one").showModal();
  showOne(id);
  byId("pointer").focus();
}

async function showOne(id) {
  Object.assign(view, { id, grey: null, base: null, mask: null, point: null });
  current = id;
  tellOne();
  byId("below").textContent = "";
  delete byId("one").dataset.drawn;
  const found = await pictureOf(id);
  if (view.id !== id) return;
  byId("no-picture").hidden = found !== null;
  byId("no-picture").textContent = micrographs[id].leftOut ? "This page holds no picture of it: cryoice report --pictures left it out." : "The mask cannot be read: there is nothing to show.";
  byId("one-picture").classList.toggle("blind", found === null);
  if (!found) return;
  [view.grey, view.base] = [found.grey, found.mask];
  tellGrey();
  drawOne();
  pictureOf(after(id, 1)); // so that it is there when it is asked for
}

function drawOne() {
  if (!view.base) return;
  const micrograph = micrographs[view.id], room = byId("one-picture"), canvas = byId("one-canvas");
  const fit = Math.min(room.clientWidth / micrograph.width, room.clientHeight / micrograph.height);
  const size = [micrograph.width * fit, micrograph.height * fit], scale = fitCanvas(canvas, ...size);
  fitCanvas(byId("pointer"), ...size);
  view.mask = corrected(view.base, micrograph, correctionsOf(view.id));
  paint(canvas, view.grey, view.mask, micrograph, scale);
  tagRegions(canvas, view.mask, micrograph, scale);
  drawScaleBar(canvas, micrograph, scale);
  drawPointer();
  tellShares();
  byId("one").dataset.drawn = micrograph.stem;
}

/** A bar of 1, 2 or 5 times a power of ten Å, at most a third of the width. */
function drawScaleBar(canvas, { width, pixelSize }, scale) {
  const context = canvas.getContext("2d"), most = (width * pixelSize) / 3, power = 10 ** Math.floor(Math.log10(most));
  const length = Math.max(...[1, 2, 5].map((step) => step * power).filter((step) => step <= most));
  const box = [10 * scale, canvas.height - 14 * scale, (length / pixelSize / width) * canvas.width, 5 * scale];
  Object.assign(context, { fillStyle: "#fff", strokeStyle: "#000", lineWidth: 3 * scale, textAlign: "left", textBaseline: "bottom" });
  context.font = `${13 * scale}px sans-serif`;
  context.strokeRect(...box);
  context.fillRect(...box);
  context.strokeText(`${length / 10} nm`, box[0], box[1] - 3 * scale);
  context.fillText(`${length / 10} nm`, box[0], box[1] - 3 * scale);
}

function tellOne() {
  if (view.id === null || !byId("one").open) return;
  const micrograph = micrographs[view.id], { height, width, pixelSize, views, rank, reason } = micrograph;
  byId("one-name").textContent = micrograph.name;
  byId("one-place").textContent = order.includes(view.id) ? `${order.indexOf(view.id) + 1} of ${order.length} shown` : "not among those shown";
  byId("one-verdict").textContent = verdictWords(view.id) + (verdicts.has(view.id) ? "" : " by the limits");
  byId("one-verdict").className = accepts[view.id] ? "accepted" : "rejected";
  byId("one-facts").textContent = `${height} × ${width} px of ${+pixelSize.toPrecision(4)} Å; by ${views}`;
  byId("one-reason").textContent = rank === null ? "" : `#${rank} to review: ${reason}`;
  tellGrey();
  byId("one-layers").querySelectorAll("[data-share]").forEach((cell) => {
    cell.textContent = told(cell.dataset.share, micrograph[cell.dataset.share]);
  });
  listCorrections();
  tellShares();
}

/** What stands in for a picture of the micrograph. */
function tellGrey() {
  const score = micrographs[view.id].greyIs === "score" ? "The picture shows the score: there is none of the micrograph as it was masked." : "";
  byId("one-grey").textContent = view.base && !view.grey ? "The picture of the micrograph cannot be read." : score;
}

/** What the corrections make of the shares. */
function tellShares() {
  const shares = view.mask && correctionsOf(view.id).length ? sharesOf(view.mask) : null;
  byId("one-layers").querySelectorAll("[data-corrected]").forEach((cell) => {
    const name = cell.dataset.corrected, value = classes.indexOf(name);
    const share = shares && (name === "bad" ? 1 - shares[0] : shares[value]);
    cell.textContent = shares && (name === "bad" || value > 0) ? `→ ${(100 * share).toFixed(1)} %` : "";
  });
}

function listCorrections() {
  const words = {
    region: ({ row, column, label }) => `region at ${Math.round(row)}, ${Math.round(column)}: ${label}`,
    disc: ({ row, column, radius: size, label }) => `disc of ${size} Å at ${Math.round(row)}, ${Math.round(column)}: ${label}`,
    whole: ({ label }) => (label === "right" ? "right as shown" : `all of it: ${label}`),
  };
  byId("corrections").replaceChildren(...correctionsOf(view.id).map((action) => make("li", {}, words[action.kind](action))));
}

function correct(action) {
  act(action);
  changed();
  drawOne();
}

function markWhole(label) {
  if (view.base) correct({ id: view.id, kind: "whole", label });
}

/** Accept or reject, and return the micrograph that comes after. */
function decide(id, label) {
  const next = after(id, 1); // asked before the verdict may take this one out of those shown
  act({ id, kind: "verdict", label });
  say(`${micrographs[id].stem}: ${label}`);
  changed();
  return next;
}

function decideHere(label) {
  if (!byId("one").open) {
    if (order.includes(current)) current = decide(current, label);
    reveal(current);
    return;
  }
  const next = decide(view.id, label);
  if (byId("advance").checked && next !== view.id) showOne(next);
}

function undoHere() {
  const inView = byId("one").open, undone = undo(inView ? view.id : undefined);
  if (!undone) return say("Nothing to undo.");
  const words = undone.kind === "import" ? "import" : `${undone.kind} ${undone.label} of ${micrographs[undone.id].stem}`;
  say(`Undone: ${words}`);
  current = undone.id ?? current;
  changed();
  if (inView) drawOne();
  return reveal(current);
}

function stepOne(places) {
  const next = after(view.id, places);
  if (next !== view.id) showOne(next);
}

function buildOne() {
  const radio = (name, value, text, first) => {
    const input = make("input", { type: "radio", name, value, checked: first });
    return make("label", {}, input, ` ${text}`);
  };
  byId("tools").append(...Object.entries(TOOLS).map(([tool, text]) => radio("tool", tool, text, tool === "look")));
  byId("labels").append(...LABELS.map((label) => radio("label", label, label, label === "contamination")));
  document.querySelectorAll("input[name=tool]").forEach((input) => input.addEventListener("change", drawPointer));
  const buttons = {
    "accept-one": () => decideHere("accepted"), "reject-one": () => decideHere("rejected"), "undo-one": undoHere,
    "previous-one": () => stepOne(-1), "next-one": () => stepOne(1), "close-one": () => byId("one").close(),
    "whole-right": () => markWhole("right"), "whole-label": () => markWhole(chosen("label")),
  };
  for (const [name, work] of Object.entries(buttons)) byId(name).addEventListener("click", work);
  byId("one").addEventListener("close", () => {
    view.id = null;
    reveal(current);
    changed();
    byId("gallery").focus();
  });
  listenToPointer();
}
