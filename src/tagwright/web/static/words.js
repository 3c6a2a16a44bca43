// The texts that a page brings for its scripts: words("site") reads what stands in the element site-words.
const read = {};

/** A function that gives the text of a key, with {names} filled in. */
export function words(name) {
  const element = document.getElementById(`${name}-words`);
  read[name] ??= element ? JSON.parse(element.textContent) : {};
  return (key, values = {}) => (read[name][key] ?? key).replace(/\{(\w+)\}/g, (all, value) => values[value] ?? all);
}
