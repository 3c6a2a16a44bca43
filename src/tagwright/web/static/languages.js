// Languages by their names instead of their codes.

/** Writes what the reader calls a language wherever one is coded in an element's data-language. */
export function languages(within) {
  if (!Intl.DisplayNames) return;
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
  for (const one of within.querySelectorAll("[data-language]")) {
    try { one.textContent = names.of(one.dataset.language); } catch { /* no code that is known: it stays as it is */ }
  }
}
