// The keyboard: whatever has data-key="a" is pressed by that key, and stands in the list that "?" opens.
const SETTING = "tagwright.keys";
const handlers = [];

/** Whether single keys do anything; people who speak to their machine switch them off. */
export function areOn() {
  return localStorage.getItem(SETTING) !== "off";
}

/** Calls `act(key, event)` for keys that nothing on the page has; it answers true where it did something. */
export function onKey(act) {
  handlers.push(act);
}

function isWriting(target) {
  return target.isContentEditable || target.matches("input:not([type=checkbox],[type=radio],[type=range],[type=button]), textarea, select");
}

/** "Ctrl+Enter", "a", "A", "ArrowDown": as data-key has it. */
export function nameOf(event) {
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.key}`;
}

function press(event) {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const key = nameOf(event), held = key.startsWith("Ctrl+");
  if (!held && (isWriting(event.target) || !areOn() || event.repeat && !["j", "k", "ArrowDown", "ArrowUp"].includes(key))) return;
  const open = document.querySelector("dialog[open]");
  const within = open ?? document;
  const found = [...within.querySelectorAll("[data-key]")].find(
    (one) => one.dataset.key.split(" ").includes(key) && !one.disabled && one.getClientRects().length);
  if (found) {
    event.preventDefault();
    if (found.matches("input, textarea, select")) found.focus();
    else found.click();
  } else if (!open && handlers.some((act) => act(key, event))) {
    event.preventDefault();
  }
}

function list(place) {
  const known = new Set([...place.querySelectorAll("kbd")].map((one) => one.textContent));
  for (const one of document.querySelectorAll("[data-key]")) {
    const keys = one.dataset.key.split(" ");
    if (known.has(keys[0]) || !one.getClientRects().length || one.closest("dialog")) continue;
    known.add(keys[0]);
    const term = document.createElement("dt"), said = document.createElement("dd");
    keys.forEach((key, place) => {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      if (place) term.append(" ");
      term.append(shown);
    });
    said.textContent = one.getAttribute("aria-label") ?? one.title ?? "";
    said.textContent ||= one.textContent.trim();
    place.append(term, said);
  }
}

export function start() {
  document.addEventListener("keydown", press);
  const dialog = document.getElementById("keys"), on = document.getElementById("keys-on");
  on.checked = areOn();
  on.addEventListener("change", () => localStorage.setItem(SETTING, on.checked ? "on" : "off"));
  for (const opener of document.querySelectorAll("[data-opens]")) {
    opener.addEventListener("click", () => {
      const opened = document.getElementById(opener.dataset.opens);
      if (opened === dialog) list(document.getElementById("keys-list"));
      opened.showModal();
    });
  }
}
