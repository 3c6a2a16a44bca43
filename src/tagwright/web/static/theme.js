"use strict";
// Runs before the page is drawn, so that it never flashes in the wrong colours.
try {
  const chosen = localStorage.getItem("tagwright.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* a browser that keeps nothing follows the system */ }
