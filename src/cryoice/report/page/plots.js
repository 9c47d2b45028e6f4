// Histograms, one a statistic, and a scatter plot of two; what is marked on them filters the gallery.

const BINS = 40;
const marks = {}; // by statistic, the first and the last bin that are shown
const binOf = (key, value) => within(Math.floor(STATISTICS[key].toUnit(value) * BINS), 0, BINS - 1);

function mark(key, ...bins) {
  marks[key] = [Math.min(...bins), Math.max(...bins)];
}

const isMarked = (micrograph) =>
  Object.entries(marks).every(([key, [first, last]]) => {
    const bin = micrograph[key] === null ? -1 : binOf(key, micrograph[key]);
    return bin >= first && bin <= last;
  });

function toldMark(key) {
  const [from, to] = [marks[key][0], marks[key][1] + 1].map((bin) => told(key, STATISTICS[key].fromUnit(bin / BINS)));
  return `${from} to ${to}`;
}

class Histogram {
  constructor(key, changed) {
    Object.assign(this, { key, changed, from: 0, to: 0 });
    this.canvas = make("canvas", {
      className: "histogram", tabIndex: 0, role: "slider", id: `histogram-${key}`,
      title: "Drag, or use the arrow keys (with Shift: wider), to show only these; Escape: all",
      "aria-label": `Show only micrographs by ${STATISTICS[key].title}`,
      "aria-valuemin": "0", "aria-valuemax": String(BINS - 1),
    });
    this.bins = micrographs.map((one) => (one[key] === null ? -1 : binOf(key, one[key])));
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.from = this.to = this.binAt(event);
      this.apply();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!this.canvas.hasPointerCapture(event.pointerId) || this.binAt(event) === this.to) return;
      this.to = this.binAt(event);
      this.apply();
    });
    this.canvas.addEventListener("dblclick", () => this.clear());
    this.canvas.addEventListener("keydown", (event) => this.press(event));
  }

  binAt(event) {
    const box = this.canvas.getBoundingClientRect();
    return within(Math.floor(((event.clientX - box.left) / box.width) * BINS), 0, BINS - 1);
  }

  press(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") this.clear();
    else if (step === undefined) return;
    else {
      if (this.key in marks) this.to = within(this.to + step, 0, BINS - 1);
      if (!event.shiftKey) this.from = this.to;
      this.apply();
    }
    event.preventDefault();
    event.stopPropagation();
  }

  apply() {
    mark(this.key, this.from, this.to);
    this.changed();
  }

  clear() {
    delete marks[this.key];
    this.changed();
  }

  draw(accepts) {
    const { canvas, key } = this, height = 24, width = canvas.parentElement.clientWidth;
    const scale = fitCanvas(canvas, width, height), context = canvas.getContext("2d");
    const all = new Array(BINS).fill(0), good = new Array(BINS).fill(0);
    this.bins.forEach((bin, id) => {
      if (bin < 0) return;
      all[bin]++;
      if (accepts[id]) good[bin]++;
    });
    const most = Math.sqrt(Math.max(...all, 1)), bar = width / BINS;
    const tall = (count) => (count ? Math.max(2, (Math.sqrt(count) / most) * (height - 2)) : 0);
    context.scale(scale, scale);
    for (const [counts, colour] of [[all, ink("--faint")], [good, ink("--strong")]]) {
      context.fillStyle = colour;
      counts.forEach((count, bin) => context.fillRect(bin * bar, height - tall(count), bar - 1, tall(count)));
    }
    canvas.setAttribute("aria-valuenow", String(this.to));
    canvas.setAttribute("aria-valuetext", key in marks ? toldMark(key) : "all");
    if (!(key in marks)) return;
    const [from, to] = [marks[key][0] * bar, (marks[key][1] + 1) * bar];
    context.strokeStyle = context.fillStyle = ink("--mark");
    context.globalAlpha = 0.2;
    context.fillRect(from, 0, to - from, height);
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeRect(from + 1, 1, Math.max(1, to - from - 2), height - 2);
  }
}

const MARGIN = { left: 38, right: 8, top: 8, bottom: 22 }; // px
const scatter = { x: "bad", y: "unsure", places: [], start: null, end: null };

function scatterBox() {
  const width = byId("scatter").parentElement.clientWidth, height = Math.round(width * 0.72);
  return { width, height, wide: width - MARGIN.left - MARGIN.right, high: height - MARGIN.top - MARGIN.bottom };
}

function drawScatter(accepts) {
  const canvas = byId("scatter"), { x, y } = scatter, box = scatterBox();
  const scale = fitCanvas(canvas, box.width, box.height), context = canvas.getContext("2d");
  context.scale(scale, scale);
  drawAxes(context, box);
  scatter.places = micrographs.map((one) =>
    one[x] === null || one[y] === null ? null : [
      MARGIN.left + STATISTICS[x].toUnit(one[x]) * box.wide,
      MARGIN.top + (1 - STATISTICS[y].toUnit(one[y])) * box.high,
    ],
  );
  for (const accepted of [true, false]) {
    context.beginPath();
    scatter.places.forEach((place, id) => {
      if (place && Boolean(accepts[id]) === accepted) point(context, place, accepted);
    });
    context.strokeStyle = context.fillStyle = ink(accepted ? "--strong" : "--bad");
    if (accepted) context.fill();
    else context.stroke();
  }
  if (scatter.start) drawDrag(context);
  const missing = scatter.places.filter((place) => !place).length;
  byId("scatter-note").textContent = missing ? `${missing} not measured` : "";
}

/** Accepted ones are dots, rejected ones crosses. */
function point(context, [x, y], accepted) {
  context.moveTo(x + (accepted ? 2 : -2.5), y - (accepted ? 0 : 2.5));
  if (accepted) context.arc(x, y, 2, 0, 7);
  else {
    context.lineTo(x + 2.5, y + 2.5);
    context.moveTo(x + 2.5, y - 2.5);
    context.lineTo(x - 2.5, y + 2.5);
  }
}

function drawAxes(context, { wide, high }) {
  context.strokeStyle = ink("--line");
  context.fillStyle = ink("--soft");
  context.font = "11px sans-serif";
  context.strokeRect(MARGIN.left, MARGIN.top, wide, high);
  context.textAlign = "center";
  for (const tick of STATISTICS[scatter.x].ticks) {
    const place = MARGIN.left + STATISTICS[scatter.x].toUnit(tick) * wide;
    context.fillRect(place, MARGIN.top + high, 1, 4);
    context.fillText(tickOf(scatter.x, tick), within(place, 20, wide + MARGIN.left - 10), MARGIN.top + high + 15);
  }
  context.textAlign = "right";
  for (const tick of STATISTICS[scatter.y].ticks) {
    const place = MARGIN.top + (1 - STATISTICS[scatter.y].toUnit(tick)) * high;
    context.fillRect(MARGIN.left - 4, place, 4, 1);
    context.fillText(tickOf(scatter.y, tick), MARGIN.left - 6, place + 4);
  }
}

function drawDrag(context) {
  const { start, end } = scatter, box = [start[0], start[1], end[0] - start[0], end[1] - start[1]];
  context.strokeStyle = context.fillStyle = ink("--mark");
  context.globalAlpha = 0.2;
  context.fillRect(...box);
  context.globalAlpha = 1;
  context.strokeRect(...box);
}
