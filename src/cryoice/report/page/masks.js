// Masks as corrections change them. Pixel (r, c) of a mask of h rows lies at the micrograph's row r·H/h.

const classOf = (symbol) => symbol & 7;
const valueOf = (label) => (label === "unknown" ? UNKNOWN : classes.indexOf(label));
const nameOf = (value) => (value === NO_DATA ? "no data" : value === UNKNOWN ? "unknown" : classes[value]);
const within = (value, least, most) => Math.min(Math.max(value, least), most);

/** Row and column of the mask's pixel that covers a place of the micrograph. */
function pixelAt(micrograph, row, column) {
  const { rows, columns, height, width } = micrograph;
  return [
    within(Math.floor((row * rows) / height + 0.5), 0, rows - 1),
    within(Math.floor((column * columns) / width + 0.5), 0, columns - 1),
  ];
}

/** Place in the micrograph of a point of the mask, whose first pixel covers 0 to 1. */
function placeAt(micrograph, down, across) {
  const { rows, columns, height, width } = micrograph;
  const place = [((down - 0.5) * height) / rows, ((across - 0.5) * width) / columns];
  return [within(place[0], 0, height - 1), within(place[1], 0, width - 1)];
}

/** Indices of the connected pixels of one class that hold a pixel; corners connect. */
function regionOf(mask, micrograph, row, column) {
  const { rows, columns } = micrograph, first = row * columns + column, value = classOf(mask[first]);
  const seen = new Uint8Array(mask.length), found = [first];
  seen[first] = 1;
  for (let done = 0; done < found.length; done++) {
    const y = Math.floor(found[done] / columns), x = found[done] - y * columns;
    for (let down = Math.max(0, y - 1); down <= Math.min(rows - 1, y + 1); down++) {
      for (let across = Math.max(0, x - 1); across <= Math.min(columns - 1, x + 1); across++) {
        const next = down * columns + across;
        if (!seen[next] && classOf(mask[next]) === value) {
          seen[next] = 1;
          found.push(next);
        }
      }
    }
  }
  return found;
}

/** Indices of the pixels within a radius in Å of a place of the micrograph, and of the one that covers it. */
function discOf(micrograph, { row, column, radius }) {
  const { rows, columns, height, width, pixelSize } = micrograph;
  const found = [], [middle, centre] = pixelAt(micrograph, row, column);
  const reach = Math.ceil((radius / pixelSize) * (rows / height)) + 1;
  const aside = Math.ceil((radius / pixelSize) * (columns / width)) + 1;
  for (let y = Math.max(0, middle - reach); y <= Math.min(rows - 1, middle + reach); y++) {
    for (let x = Math.max(0, centre - aside); x <= Math.min(columns - 1, centre + aside); x++) {
      const distance = Math.hypot((y * height) / rows - row, (x * width) / columns - column) * pixelSize;
      if (distance <= radius || (y === middle && x === centre)) found.push(y * columns + x);
    }
  }
  return found;
}

function reached(mask, micrograph, action) {
  if (action.kind === "disc") return discOf(micrograph, action);
  if (action.kind === "region") return regionOf(mask, micrograph, ...pixelAt(micrograph, action.row, action.column));
  return mask.keys();
}

/** The mask after corrections, in their order: who touches a pixel makes it sure, and no data stay so. */
function corrected(mask, micrograph, actions) {
  if (!actions.length) return mask;
  const changed = mask.slice();
  for (const action of actions) {
    for (const pixel of reached(changed, micrograph, action)) {
      const value = classOf(changed[pixel]);
      if (value !== NO_DATA) changed[pixel] = action.label === "right" ? value : valueOf(action.label);
    }
  }
  return changed;
}

/** Share of each class in the area that has one. */
function sharesOf(mask) {
  const counts = new Array(UNKNOWN + 1).fill(0);
  for (const symbol of mask) counts[classOf(symbol)]++;
  const labelled = classes.reduce((sum, _, value) => sum + counts[value], 0);
  return classes.map((_, value) => (labelled ? counts[value] / labelled : 0));
}
