// What mouse and keys point at on the large picture, and what they do there.

const TOOLS = { look: "look", region: "relabel a region", disc: "draw a disc" };
const view = { id: null, grey: null, base: null, mask: null, point: null }; // point: row and column of the mask, its first pixel from 0 to 1
const STRIDE = 4; // px of the mask that an arrow key moves; 1 with Shift
const RADII = { least: 20, most: 5000, factor: 1.15 }; // Å

const chosen = (name) => document.querySelector(`input[name=${name}]:checked`).value;
const radius = () => within(Number(byId("radius").value) || RADII.least, RADII.least, RADII.most);
const hundredths = (value) => Math.round(100 * value) / 100;

function scaleRadius(factor) {
  byId("radius").value = Math.round(within(radius() * factor, RADII.least, RADII.most));
  drawPointer();
}

function pointAt(event) {
  const box = byId("pointer").getBoundingClientRect(), { rows, columns } = micrographs[view.id];
  view.point = [((event.clientY - box.top) / box.height) * rows, ((event.clientX - box.left) / box.width) * columns];
  drawPointer();
}

function movePoint(down, across, fine) {
  const { rows, columns } = micrographs[view.id], step = fine ? 1 : STRIDE;
  const [y, x] = view.point ?? [rows / 2, columns / 2];
  view.point = [within(y + down * step, 0.5, rows - 0.5), within(x + across * step, 0.5, columns - 0.5)];
  drawPointer();
}

/** Row and column of the mask's pixel below the point. */
function pixelBelow() {
  const { rows, columns } = micrographs[view.id], [down, across] = view.point;
  return [within(Math.floor(down), 0, rows - 1), within(Math.floor(across), 0, columns - 1)];
}

function drawPointer() {
  const canvas = byId("pointer"), context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!view.point || !view.mask) return;
  const micrograph = micrographs[view.id], [y, x] = view.point, [row, column] = pixelBelow();
  const place = [(x * canvas.width) / micrograph.columns, (y * canvas.height) / micrograph.rows];
  const size = chosen("tool") === "disc" ? ((radius() / micrograph.pixelSize) * canvas.width) / micrograph.width : 0;
  for (const [colour, wide] of [["#000", 3.5], ["#fff", 1.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = wide * (window.devicePixelRatio || 1);
    context.beginPath();
    if (size) context.arc(...place, size, 0, 7);
    for (const [aside, down] of [[9, 0], [0, 9]]) {
      context.moveTo(place[0] - aside, place[1] - down);
      context.lineTo(place[0] + aside, place[1] + down);
    }
    context.stroke();
  }
  const symbol = view.mask[row * micrograph.columns + column], [down, across] = placeAt(micrograph, y, x);
  byId("below").textContent =
    `row ${Math.round(down)}, column ${Math.round(across)} px: ${nameOf(classOf(symbol))}${symbol & UNSURE ? ", unsure" : ""}`;
}

/** Do at the point what the tool does. */
function useTool() {
  const tool = chosen("tool"), label = chosen("label");
  if (tool === "look" || !view.point || !view.mask) return;
  const micrograph = micrographs[view.id], [r, c] = pixelBelow(), { id } = view;
  const value = classOf(view.mask[r * micrograph.columns + c]);
  if (tool === "disc") {
    const [row, column] = placeAt(micrograph, ...view.point).map(hundredths);
    correct({ id, kind: "disc", row, column, radius: radius(), label });
  } else if (value === NO_DATA) say("The micrograph has no data here.");
  else if (value === valueOf(label)) say(`This region is ${label} already.`);
  else {
    // the middle of the pixel, so that rounding leads nobody into its neighbour
    const [row, column] = placeAt(micrograph, r + 0.5, c + 0.5).map(hundredths);
    correct({ id, kind: "region", row, column, label });
  }
}

function listenToPointer() {
  const canvas = byId("pointer");
  canvas.addEventListener("pointermove", pointAt);
  canvas.addEventListener("click", (event) => {
    pointAt(event);
    useTool();
  });
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (chosen("tool") === "look" || !(steps || event.key === "Enter" || event.key === " ")) return;
    if (steps) movePoint(...steps, event.shiftKey);
    else useTool();
    event.preventDefault();
    event.stopPropagation();
  });
  byId("radius").addEventListener("input", drawPointer);
  byId("radius").addEventListener("change", () => (byId("radius").value = radius()));
}
