// What this browser keeps of the review, for all pages of the folder and all their tabs.

const STORE = `cryoice-review-${data.folder}`;
let keeps = true;
let lastKept = null; // text of the store that this page knows

function stateOf() {
  const { limits, actions, others } = review;
  return { limits: { ...limits }, corrections: [...others, ...actions.map(rowOf)] };
}

function keep() {
  const text = JSON.stringify(stateOf());
  try {
    localStorage.setItem(STORE, text);
    lastKept = text;
  } catch {
    if (keeps) say("This browser keeps nothing: export the review before the page is closed.");
    keeps = false;
  }
}

/** Put a state in the place of this one; return how many corrections are left aside since their masks have changed. */
function takeOver({ limits, corrections: rows }) {
  const { actions, strange, changed } = readRows(rows);
  Object.assign(review, { actions, limits: fittingLimits(limits), others: [...strange, ...changed] });
  takeAnew();
  return changed.length;
}

/** Take over what was kept since this page last looked, as by another tab; tell what does not fit. */
function catchUp() {
  try {
    const kept = localStorage.getItem(STORE);
    if (kept === null || kept === lastKept) return;
    lastKept = kept;
    const aside = takeOver(JSON.parse(kept));
    if (aside) say(`${aside} ${aside === 1 ? "correction is" : "corrections are"} left aside: their masks have changed since. Verdicts stay.`);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) say("The review that this browser kept is damaged and was left out.");
    else keeps = false;
  }
}

function listenToOtherTabs(changed) {
  const look = () => {
    catchUp();
    changed();
  };
  window.addEventListener("storage", (event) => event.key === STORE && look());
  document.addEventListener("visibilitychange", () => document.hidden || look());
}
