// Keys. Those of the gallery hold where it has the focus, those of verdicts everywhere but where words are typed.

const LAYER_KEYS = Object.fromEntries(Object.keys(layers).map((name, place) => [String(place + 1), name]));

const HELP = [
  ["Everywhere", [
    ["A, R", "accept, reject; then on to the next"], ["U", "undo"],
    [Object.keys(LAYER_KEYS).join(" "), `show or hide ${Object.values(LAYER_KEYS).join(", ")}`],
    ["/", "search by name"], ["?", "this help"],
  ]],
  ["Gallery", [["arrows, Home, End, Page ↑ ↓", "move"], ["Enter", "show large"]]],
  ["One micrograph", [
    ["← →, P N", "previous, next"], ["Escape", "back to the gallery"],
    ["L, G, D", "look, relabel a region, draw a disc"], ["[ ]", "smaller, larger disc"],
    ["W", "right as shown"],
    ["arrows, Shift + arrows", "with a tool, on the picture: move the cross, by one pixel"],
    ["Enter, Space", "with a tool, on the picture: relabel or draw there"],
  ]],
  ["Histograms", [["← →, Shift", "choose what is shown, widen it"], ["Escape", "show all"]]],
];

function setLayer(name, on) {
  layers[name] = on;
  document.querySelectorAll("input[data-layer]").forEach((input) => {
    if (input.dataset.layer === name) input.checked = on;
  });
  layOut();
  if (byId("one").open) drawOne();
}

function chooseTool(tool) {
  document.querySelector(`input[name=tool][value=${tool}]`).checked = true;
  byId("pointer").focus();
  drawPointer();
}

const GALLERY_KEYS = {
  ArrowLeft: () => walk(-1), ArrowRight: () => walk(1), ArrowUp: () => walk(-grid().across), ArrowDown: () => walk(grid().across),
  Home: () => walk(-order.length), End: () => walk(order.length),
  PageUp: () => walk(-grid().across * 3), PageDown: () => walk(grid().across * 3),
  Enter: () => order.includes(current) && openOne(current),
};
const ONE_KEYS = {
  ArrowLeft: () => stepOne(-1), ArrowRight: () => stepOne(1), p: () => stepOne(-1), n: () => stepOne(1),
  w: () => markWhole("right"), l: () => chooseTool("look"), g: () => chooseTool("region"), d: () => chooseTool("disc"),
  "[": () => scaleRadius(1 / RADII.factor), "]": () => scaleRadius(RADII.factor),
};
const VERDICT_KEYS = { a: () => decideHere("accepted"), r: () => decideHere("rejected"), u: undoHere };
const PAGE_KEYS = { "?": () => byId("help").showModal(), "/": () => byId("text").focus() };

/** What a key does, given where the focus is. */
function workOf(event) {
  const { target, key } = event, name = key.length === 1 ? key.toLowerCase() : key;
  const own = target.matches("input, select, button, summary, [role=slider]"); // keys of its own: arrows, Enter
  if (byId("help").open || target.matches("input[type=text], input[type=search], input[type=number], select")) return undefined;
  const layer = LAYER_KEYS[name];
  if (layer) return () => setLayer(layer, !layers[layer]);
  if (byId("one").open) {
    const found = { ...ONE_KEYS, ...VERDICT_KEYS, "?": PAGE_KEYS["?"] }[name];
    return own && name.startsWith("Arrow") && !target.matches("button") ? undefined : found;
  }
  const inGallery = target === byId("gallery") || target === document.body;
  return PAGE_KEYS[name] ?? VERDICT_KEYS[name] ?? (inGallery ? GALLERY_KEYS[name] : undefined);
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const work = workOf(event);
    if (!work) return;
    event.preventDefault();
    work();
  });
  byId("help-keys").append(...HELP.flatMap(([title, keys]) => [
    make("h3", {}, title),
    make("dl", {}, ...keys.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)])),
  ]));
  byId("close-help").addEventListener("click", () => byId("help").close());
  byId("help-button").addEventListener("click", PAGE_KEYS["?"]);
}
