// Tiles of the micrographs in view; all others are only a height.

const TILE = { least: 200, gap: 10, frame: 10, words: 40 }; // px
const TALLEST = within(Math.max(...micrographs.map((one) => one.height / one.width)), 0.4, 1.2); // of the pictures
const tiles = new Map(); // by micrograph, what is in view
let current = 0; // the micrograph that keys are about

function grid() {
  const gallery = byId("gallery"), width = gallery.clientWidth - TILE.gap;
  const across = Math.max(1, Math.floor(width / (TILE.least + TILE.gap)));
  const wide = Math.floor(width / across) - TILE.gap, inner = wide - TILE.frame;
  const tall = Math.round(inner * TALLEST) + TILE.words + TILE.frame;
  return { across, wide, inner, tall, step: tall + TILE.gap, height: gallery.clientHeight };
}

function layOut() {
  const gallery = byId("gallery"), { across, wide, inner, tall, step, height } = grid();
  byId("tiles").style.height = `${Math.ceil(order.length / across) * step + TILE.gap}px`;
  const first = Math.max(0, Math.floor(gallery.scrollTop / step) - 1) * across;
  const last = (Math.ceil((gallery.scrollTop + height) / step) + 1) * across;
  const seen = new Map(order.slice(first, last).map((id, place) => [id, first + place]));
  for (const [id, tile] of tiles) {
    if (seen.has(id)) continue;
    tile.remove();
    tiles.delete(id);
  }
  for (const [id, place] of seen) {
    const tile = tiles.get(id) ?? newTile(id);
    const [row, column] = [Math.floor(place / across), place % across];
    tile.style.transform = `translate(${TILE.gap + column * (wide + TILE.gap)}px, ${TILE.gap + row * step}px)`;
    tile.style.width = `${wide}px`;
    tile.style.height = `${tall}px`;
    showTile(tile, id, place, inner);
  }
  const active = tiles.get(current);
  if (active) gallery.setAttribute("aria-activedescendant", active.id);
  else gallery.removeAttribute("aria-activedescendant");
  byId("nothing").hidden = order.length > 0;
}

function newTile(id) {
  const one = micrographs[id], found = largest(one), canvas = make("canvas", { "aria-hidden": "true" });
  const tile = make("div", { className: "tile", id: `tile-${id}`, role: "option" },
    make("div", { className: "picture" }, canvas, make("span", { className: "rank" }, one.rank === null ? "" : `#${one.rank}`)),
    make("div", { className: "name" }, one.stem),
    make("div", { className: "told" }, make("b"), make("span", {}, ` bad ${told("bad", one.bad)} `), ...found.slice(0, 2).map(swatch)));
  tile.title = [one.name, sharesOfClasses(one), one.reason].filter(Boolean).join("\n");
  tile.addEventListener("click", () => {
    current = id;
    openOne(id);
  });
  byId("tiles").append(tile);
  tiles.set(id, tile);
  return tile;
}

const verdictWords = (id) => `${accepts[id] ? "✓ accepted" : "✗ rejected"}${verdicts.has(id) ? " by eye" : ""}`;

/** Classes that are there, largest first. */
const largest = (one) => ARTIFACTS.filter((name) => one[name] > 0).sort((a, b) => one[b] - one[a]);
const sharesOfClasses = (one) => largest(one).map((name) => `${name} ${told(name, one[name])}`).join(", ") || "no artifacts";

/** Tell what may have changed, and touch nothing that has not: a browser lays out anew what is touched. */
function showTile(tile, id, place, inner) {
  const marked = correctionsOf(id).length, words = `${verdictWords(id)}${marked ? `, ${marked} corrections` : ""}`;
  const shown = [words, id === current, place, order.length].join();
  drawTile(tile, id, inner);
  if (tile.dataset.shown === shown) return;
  tile.dataset.shown = shown;
  tile.classList.toggle("accepted", accepts[id] === 1);
  tile.classList.toggle("current", id === current);
  tile.setAttribute("aria-selected", String(id === current));
  tile.setAttribute("aria-posinset", String(place + 1));
  tile.setAttribute("aria-setsize", String(order.length));
  tile.setAttribute("aria-label", `${micrographs[id].stem}: ${words}; ${sharesOfClasses(micrographs[id])}`);
  tile.querySelector("b").textContent = `${accepts[id] ? "✓" : "✗"}${verdicts.has(id) ? "•" : ""}${marked ? "✎" : ""}`;
}

function swatch(name) {
  const square = make("i", { className: "swatch", title: name }, SHORT[name]);
  square.style.background = colours[classes.indexOf(name)];
  return square;
}

/** Differs whenever the picture does. */
const signature = (id, inner) => JSON.stringify([inner, Object.values(layers), correctionsOf(id)]);

async function drawTile(tile, id, inner) {
  const wanted = signature(id, inner);
  if (tile.dataset.wanted === wanted) return;
  tile.dataset.wanted = wanted;
  const found = await pictureOf(id);
  if (tiles.get(id) !== tile || tile.dataset.wanted !== wanted) return; // out of view by now, or drawn anew
  tile.dataset.drawn = wanted;
  const one = micrographs[id], canvas = tile.querySelector("canvas");
  if (!found) {
    tile.classList.add("blind");
    return;
  }
  const fit = Math.min(inner / one.width, (inner * TALLEST) / one.height);
  const scale = fitCanvas(canvas, one.width * fit, one.height * fit);
  paint(canvas, found.grey, corrected(found.mask, one, correctionsOf(id)), one, scale);
}

/** Bring a micrograph's tile into view. */
function reveal(id) {
  const gallery = byId("gallery"), { across, step } = grid(), place = order.indexOf(id);
  if (place < 0) return;
  const top = Math.floor(place / across) * step;
  if (top < gallery.scrollTop) gallery.scrollTop = top;
  else if (top + step > gallery.scrollTop + gallery.clientHeight) gallery.scrollTop = top + step - gallery.clientHeight + TILE.gap;
}

/**
 * The micrograph some places after another in the order shown, or the one at its end. What a verdict or a
 * filter took out of those shown stands between its neighbours still.
 */
function after(id, places) {
  const place = order.indexOf(id), before = place < 0 ? order.filter((other) => compare(other, id) < 0).length : place;
  const step = place < 0 && places > 0 ? places - 1 : places;
  return order[within(before + step, 0, order.length - 1)] ?? id;
}

function walk(places) {
  current = after(current, places);
  reveal(current);
  layOut();
}
