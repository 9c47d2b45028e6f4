// What the page holds; pictures are decoded when they are shown.

const data = JSON.parse(byId("data").textContent);
const { micrographs, classes, colours } = data;
const ARTIFACTS = classes.slice(1);
const NO_DATA = classes.length, UNKNOWN = NO_DATA + 1, UNSURE = 8; // values of a pixel; UNSURE is a bit

const pictures = byId("pictures").textContent.split("\n");
byId("pictures").remove(); // held once
const DECODED = 120; // micrographs, about 0.5 MB each

const STATISTICS = {
  bad: { title: "bad area", share: true },
  ...Object.fromEntries(ARTIFACTS.map((name) => [name, { title: name, share: true }])),
  unsure: { title: "unsure", share: true },
  iciness: { title: "iciness", share: false },
  ring_density: { title: "ring density", share: false },
};
for (const [key, statistic] of Object.entries(STATISTICS)) {
  const values = micrographs.map((one) => one[key]).filter((value) => value !== null);
  statistic.measured = values.length;
  statistic.most = statistic.share ? 1 : Math.max(...values, 0) * 1.02 || 1;
  // shares crowd near 0: the square root spreads them out
  statistic.toUnit = (value) => (statistic.share ? Math.sqrt(value) : value / statistic.most);
  statistic.fromUnit = (unit) => (statistic.share ? unit * unit : unit * statistic.most);
  statistic.ticks = statistic.share ? [0, 0.01, 0.05, 0.2, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1].map(statistic.fromUnit);
}

function told(key, value) {
  if (value === null || value === undefined) return "not measured";
  return STATISTICS[key].share ? `${(100 * value).toFixed(1)} %` : value.toPrecision(3);
}

const tickOf = (key, value) => (STATISTICS[key].share ? `${100 * value}%` : String(+value.toPrecision(2)));

function bytesOf(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const decoded = new Map();

/** Grey picture and mask of a micrograph: a promise of {grey, mask}, null where there is none, the picture also where it is damaged. */
function pictureOf(id) {
  if (!decoded.has(id)) decoded.set(id, decode(id).catch(() => null));
  const found = decoded.get(id);
  decoded.delete(id); // and back in as the youngest
  decoded.set(id, found);
  if (decoded.size > DECODED) decoded.delete(decoded.keys().next().value);
  return found;
}

async function decode(id) {
  if (!pictures[id]) return null;
  const [grey, packed] = pictures[id].split(" ");
  const mask = await inflate(bytesOf(packed)), columns = micrographs[id].columns;
  for (let place = columns; place < mask.length; place++) mask[place] ^= mask[place - columns];
  const picture = createImageBitmap(new Blob([bytesOf(grey)], { type: "image/jpeg" }));
  return { grey: await picture.catch(() => null), mask };
}
