// A mask over its micrograph, as in the overlays of cryoice mask: filled, outlined, dotted where unsure.

const layers = Object.fromEntries([...ARTIFACTS, "unsure", "no data"].map((name) => [name, true]));
const FILL = 0.22, OUTLINE = 2, DOT = 6, HATCH = 8; // px of the screen
const SHORT = { crystalline: "Cr", contamination: "Co", support: "Su", other: "Ot" };

/** A colour as the 32 bits of an ImageData's pixel. */
function pixelOf(colour, alpha) {
  const [red, green, blue] = [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
  return ((Math.round(255 * alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
const FILLS = ARTIFACTS.map((_, place) => pixelOf(colours[place + 1], FILL));
const EDGES = ARTIFACTS.map((_, place) => pixelOf(colours[place + 1], 1));
const [WHITE, SHADE, STRIPE] = [pixelOf("#ffffff", 1), pixelOf("#000000", 0.4), pixelOf(colours[NO_DATA], 1)];

/** What is seen of each class: itself, or 0 where its layer is off. */
function visibleClasses() {
  const seen = [0, ...ARTIFACTS.map((name, place) => (layers[name] ? place + 1 : 0))];
  return Uint8Array.from([...seen, ...[NO_DATA, UNKNOWN].map((value) => (layers["no data"] ? value : 0))]);
}

/** Class of every pixel of a picture of this size, and whether it is unsure. */
function enlarged(mask, micrograph, width, height) {
  const { rows, columns } = micrograph, seen = visibleClasses(), kinds = new Uint8Array(width * height);
  const across = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * columns) / width));
  for (let y = 0; y < height; y++) {
    const first = Math.floor(((y + 0.5) * rows) / height) * columns;
    for (let x = 0; x < width; x++) {
      const symbol = mask[first + across[x]];
      kinds[y * width + x] = seen[classOf(symbol)] | (layers.unsure ? symbol & UNSURE : 0);
    }
  }
  return kinds;
}

function colourAt(kinds, width, height, x, y, step) {
  const place = y * width + x, value = classOf(kinds[place]);
  if (value >= NO_DATA) return (x + y) % (HATCH * step) < 2 * step ? STRIPE : SHADE;
  if (value) {
    const reach = OUTLINE * step, differs = (other) => classOf(kinds[other]) !== value;
    if (
      (x >= reach && differs(place - reach)) || (x + reach < width && differs(place + reach)) ||
      (y >= reach && differs(place - reach * width)) || (y + reach < height && differs(place + reach * width))
    ) return EDGES[value - 1];
  }
  if (kinds[place] & UNSURE && x % (DOT * step) < 2 * step && y % (DOT * step) < 2 * step) return WHITE;
  return value ? FILLS[value - 1] : 0;
}

/** Draw into a canvas whose size is set. */
function paint(canvas, grey, mask, micrograph, scale) {
  const { width, height } = canvas, context = canvas.getContext("2d"), step = Math.max(1, Math.round(scale));
  const kinds = enlarged(mask, micrograph, width, height), layer = new ImageData(width, height);
  const pixels = new Uint32Array(layer.data.buffer);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      if (kinds[place]) pixels[place] = colourAt(kinds, width, height, x, y, step);
    }
  }
  const over = new OffscreenCanvas(width, height);
  over.getContext("2d").putImageData(layer, 0, 0);
  if (grey) context.drawImage(grey, 0, 0, width, height);
  else context.fillRect(0, 0, width, height); // black
  context.drawImage(over, 0, 0);
}

/** Write the class of each larger region into it, so that colour is not all that tells. */
function tagRegions(canvas, mask, micrograph, scale) {
  const context = canvas.getContext("2d"), { rows, columns } = micrograph, seen = visibleClasses();
  const done = new Uint8Array(mask.length);
  context.font = `bold ${13 * scale}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3 * scale;
  for (let first = 0; first < mask.length; first++) {
    const value = seen[classOf(mask[first])];
    if (done[first] || !value || value >= NO_DATA) continue;
    const region = regionOf(mask, micrograph, Math.floor(first / columns), first % columns);
    for (const pixel of region) done[pixel] = 1;
    if (region.length < mask.length / 1000) continue;
    const [y, x] = innermost(region, columns);
    const place = [((x + 0.5) * canvas.width) / columns, ((y + 0.5) * canvas.height) / rows];
    context.strokeStyle = "#000";
    context.fillStyle = "#fff";
    context.strokeText(SHORT[classes[value]] ?? "?", ...place);
    context.fillText(SHORT[classes[value]] ?? "?", ...place);
  }
}

/** Row and column of the region's pixel that lies nearest to its centre. */
function innermost(region, columns) {
  const places = region.map((pixel) => [Math.floor(pixel / columns), pixel % columns]);
  const [y, x] = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
  const away = (place) => (place[0] - y) ** 2 + (place[1] - x) ** 2;
  return places.reduce((best, place) => (away(place) < away(best) ? place : best));
}
