// A list of suggestions under the keyboard: j and k go through it, e opens the reasons, digits choose.
import { onKey } from "./keys.js";

/** All suggestions that are drawn, in their order. */
export const rows = () => [...document.querySelectorAll(".suggestion")].filter((row) => row.getClientRects().length);

/** The one that the keyboard is at; null where there is none. */
export const current = () => document.querySelector(".suggestion.current");

/** Goes to a suggestion. */
export function go(row, { focus = true } = {}) {
  current()?.classList.remove("current");
  row?.classList.add("current");
  if (row && focus) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  show(row?.dataset.tag ?? "");
}

/** Marks the passages that are quoted for a tag more strongly than the others; "" for none. */
export function show(tag) {
  for (const mark of document.querySelectorAll("mark[data-tags]")) {
    mark.classList.toggle("strong", tag !== "" && mark.dataset.tags.split("\n").includes(tag));
  }
}

/** Opens or closes the reasons. */
export function why(row) {
  const details = row?.querySelector(".s-why");
  if (details) details.open = !details.open;
}

/** Begins to listen; `digit(row)` is called for the suggestion of a digit that was pressed. */
export function start({ digit }) {
  onKey((key) => {
    const all = rows();
    if (!all.length) return false;
    const place = all.indexOf(current());
    if (key === "j" || key === "ArrowDown") go(all[Math.min(place + 1, all.length - 1)]);
    else if (key === "k" || key === "ArrowUp") go(all[Math.max(place - 1, 0)]);
    else if (key === "e" && place >= 0) why(all[place]);
    else if (/^[0-9]$/.test(key)) {
      const row = all.find((one) => one.dataset.digit === key);
      if (!row) return false;
      go(row);
      digit(row);
    } else return false;
    return true;
  });
  document.addEventListener("mouseover", (event) => {
    const row = event.target.closest?.(".suggestion");
    show(row ? row.dataset.tag : current()?.dataset.tag ?? "");
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.(".suggestion");
    if (row && row !== current()) go(row, { focus: false });
  });
}
