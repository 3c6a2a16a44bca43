// A tree as the ARIA practices have it: one line has the focus, arrows move and open, letters find.
const LINE = "[role=treeitem]";

function lines(tree) {
  return [...tree.querySelectorAll(LINE)].filter((one) => !one.parentElement.closest(`${LINE}[aria-expanded=false]`));
}

function focus(tree, line) {
  if (!line) return;
  tree.querySelectorAll(`${LINE}[tabindex="0"]`).forEach((one) => { one.tabIndex = -1; });
  line.tabIndex = 0;
  line.focus({ preventScroll: true });
  line.querySelector(".line").scrollIntoView({ block: "nearest" });
}

const isOpen = (line) => line.getAttribute("aria-expanded") === "true";

/** Opens or closes a line; what is below it is asked for once. */
export function turn(line, open = !isOpen(line)) {
  if (!line.hasAttribute("aria-expanded")) return;
  line.setAttribute("aria-expanded", String(open));
  if (open) htmx.trigger(line, "open");
}

/** The line of a tag is the chosen one. */
export function choose(tree, id) {
  tree.querySelectorAll(`${LINE}[aria-selected=true]`).forEach((one) => one.setAttribute("aria-selected", "false"));
  const link = [...tree.querySelectorAll("a[data-tag]")].find((one) => one.dataset.tag === id);
  link?.closest(LINE).setAttribute("aria-selected", "true");
}

/** The tree can be reached with the tab key: by the chosen line, else the first. */
export function reach(tree) {
  if (tree.querySelector(`${LINE}[tabindex="0"]`)) return;
  const line = tree.querySelector(`${LINE}[aria-selected=true]`) ?? tree.querySelector(LINE);
  if (line) line.tabIndex = 0;
}

function byLetter(tree, line, letter) {
  const all = lines(tree), start = all.indexOf(line) + 1;
  const begins = (one) => one.getAttribute("aria-label").toLowerCase().startsWith(letter);
  return [...all.slice(start), ...all.slice(0, start)].find(begins);
}

const STEPS = {
  ArrowDown: (tree, line) => focus(tree, lines(tree)[lines(tree).indexOf(line) + 1]),
  ArrowUp: (tree, line) => focus(tree, lines(tree)[lines(tree).indexOf(line) - 1]),
  Home: (tree) => focus(tree, lines(tree)[0]),
  End: (tree) => focus(tree, lines(tree).at(-1)),
  ArrowRight: (tree, line) => (line.getAttribute("aria-expanded") === "false" ? turn(line, true) : focus(tree, line.querySelector(LINE))),
  ArrowLeft: (tree, line) => (isOpen(line) ? turn(line, false) : focus(tree, line.parentElement.closest(LINE))),
};

/** Answers true where the key did something; `act(line)` shows the tag of a line. */
export function press(event, act) {
  const line = event.target.closest?.(LINE), tree = line?.closest("[role=tree]");
  if (!tree || event.ctrlKey || event.altKey || event.metaKey) return false;
  if (STEPS[event.key]) STEPS[event.key](tree, line);
  else if (event.key === "Enter" || event.key === " ") act(line);
  else if (/^[\p{L}\p{N}]$/u.test(event.key)) focus(tree, byLetter(tree, line, event.key.toLowerCase()));
  else return false;
  return true;
}
