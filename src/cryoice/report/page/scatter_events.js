// Marking and opening points of the scatter plot.

const NEAR = 8; // px

const pointerIn = (canvas, event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};

function nearestPoint([x, y]) {
  let best, least = NEAR;
  scatter.places.forEach((place, id) => {
    const away = place ? Math.hypot(place[0] - x, place[1] - y) : Infinity;
    if (away < least) [best, least] = [id, away];
  });
  return best;
}

function markScatter() {
  const { start, end } = scatter, { wide, high } = scatterBox();
  const binsOf = (from, to, unit) => [from, to].map((place) => within(Math.floor(unit(place) * BINS), 0, BINS - 1));
  mark(scatter.x, ...binsOf(start[0], end[0], (place) => (place - MARGIN.left) / wide));
  mark(scatter.y, ...binsOf(start[1], end[1], (place) => 1 - (place - MARGIN.top) / high));
}

function listenToScatter(changed, open) {
  const canvas = byId("scatter");
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    scatter.start = scatter.end = pointerIn(canvas, event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const id = nearestPoint(pointerIn(canvas, event));
    canvas.title = id === undefined ? "" : micrographs[id].name;
    if (!scatter.start) return;
    scatter.end = pointerIn(canvas, event);
    changed();
  });
  canvas.addEventListener("pointerup", () => {
    if (!scatter.start) return;
    const { start, end } = scatter, id = nearestPoint(start);
    if (Math.hypot(end[0] - start[0], end[1] - start[1]) > 4) markScatter();
    else if (id !== undefined) open(id);
    scatter.start = null;
    changed();
  });
  for (const axis of ["x", "y"]) {
    const select = byId(`scatter-${axis}`);
    select.append(...Object.entries(STATISTICS).map(([key, { title }]) => make("option", { value: key }, title)));
    select.value = scatter[axis];
    select.addEventListener("change", () => {
      scatter[axis] = select.value;
      changed();
    });
  }
}
