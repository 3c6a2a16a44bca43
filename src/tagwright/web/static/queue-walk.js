// Going through a list with j and k or the arrows; the browser's focus goes along.
import { onKey } from "./keys.js";

/** All that match, in their order, as far as they are to be seen. */
const all = (what) => [...document.querySelectorAll(what)].filter((one) => one.getClientRects().length);

/** The one that the focus is in or at; null where there is none. */
export const at = (what) => document.activeElement?.closest(what) ?? null;

/** Goes so many steps on from where the focus is. */
export function step(what, by) {
  const found = all(what), place = found.indexOf(at(what));
  const next = found[Math.max(0, Math.min(found.length - 1, place + by))];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

/** Begins to listen. */
export function walk(what) {
  onKey((key) => {
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
    if (!by || !all(what).length) return false;
    step(what, by);
    return true;
  });
}

/** A choice in a list acts at once, and what is only for pages without scripts goes. */
export function choices() {
  document.documentElement.classList.add("scripted");
  for (const list of document.querySelectorAll("select[data-submits]")) {
    list.addEventListener("change", () => list.form.requestSubmit());
  }
}
