// Elements, always with names as text.

const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

let saidLast;
function say(text) {
  byId("said").textContent = text;
  byId("said").classList.add("shown");
  clearTimeout(saidLast);
  saidLast = setTimeout(() => byId("said").classList.remove("shown"), 4000);
}

const inks = new Map(); // asking for a style costs more than drawing with it
function ink(name) {
  if (!inks.has(name)) inks.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
  return inks.get(name);
}

/** Clear a canvas, sized for the screen's pixels; return how many of them a CSS pixel has. */
function fitCanvas(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  if (canvas.width === across && canvas.height === down && canvas.style.width) canvas.getContext("2d").reset();
  else {
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    Object.assign(canvas, { width: across, height: down });
  }
  return scale;
}

/** Call once a frame, however often it is asked for. */
function oncePerFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
