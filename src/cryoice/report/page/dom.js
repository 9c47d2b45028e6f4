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

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Size a canvas for the screen's pixels and return how many of them a CSS pixel has. */
function fitCanvas(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
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
