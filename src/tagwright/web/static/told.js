// Short messages at the lower edge, read aloud by screen readers.

/** Shows a text for some seconds; `undo` {label, act} adds a button. Texts are never taken for markup. */
export function tell(text, { bad = false, undo = null, seconds = 4 } = {}) {
  const line = document.createElement("p");
  line.textContent = text;
  if (bad) line.className = "bad";
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = undo.label;
    button.addEventListener("click", () => { line.remove(); undo.act(); });
    line.append(button);
  }
  const place = document.getElementById("told");
  place.replaceChildren(line);
  setTimeout(() => line.remove(), seconds * 1000);
}
