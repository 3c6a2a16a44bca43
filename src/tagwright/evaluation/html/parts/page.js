"use strict";
// Draws the pictures, sorts the tables, moves the handles and makes the CSV files. All data stands in the page.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const drawn = {};

  // The specifications are run by an interpreter (ast), for the page's policy forbids making code from text.
  const options = {
    actions: false, ast: true, config: data.config, defaultStyle: false, logLevel: 1, mode: "vega-lite", renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  };

  function draw(name, number, specification) {
    const place = document.getElementById(name + "-" + number);
    return vegaEmbed(place, specification, options).then(function (result) {
      (drawn[name] = drawn[name] || []).push(result.view);
      // What it shows is told beside it, in words and numbers; of its strokes nobody wants to hear.
      for (const drawing of place.querySelectorAll("svg")) drawing.setAttribute("aria-hidden", "true");
      place.dataset.drawn = "yes";
    }).catch(function (error) {
      place.textContent = "This picture could not be drawn (" + error.message + "); its numbers are in the table below.";
    });
  }

  function drawAll() {
    const all = [];
    for (const [name, picture] of Object.entries(data.pictures)) {
      picture.panels.forEach(function (panel, number) {
        if (panel) all.push(draw(name, number, panel));
      });
    }
    Promise.all(all).then(function () { document.documentElement.dataset.ready = "yes"; });
  }

  function handles() {
    for (const handle of document.querySelectorAll("input[type=range][data-for]")) {
      const name = handle.dataset.for, slider = data.pictures[name].slider;
      const said = document.getElementById(name + "-said");
      const move = function () {
        const at = Number(handle.value);
        said.textContent = slider.sentences[at];
        handle.setAttribute("aria-valuetext", slider.sentences[at]);
        for (const view of drawn[name] || []) view.signal("at", slider.values[at]).runAsync();
      };
      handle.addEventListener("input", move);
      handle.setAttribute("aria-valuetext", slider.sentences[Number(handle.value)]);
    }
  }

  function sortable(table) {
    const heads = Array.from(table.tHead.rows[0].cells), body = table.tBodies[0];
    if (body.rows.length < 2) return;
    heads.forEach(function (head, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", function () {
        const numbers = head.classList.contains("n");
        const before = head.getAttribute("aria-sort");
        const falls = before ? before === "ascending" : numbers;
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", falls ? "descending" : "ascending");
        const key = function (row) {
          const cell = row.cells[column];
          return numbers ? ("v" in cell.dataset ? Number(cell.dataset.v) : null) : cell.textContent;
        };
        const keyed = Array.from(body.rows, function (row) { return [key(row), row]; });
        keyed.sort(function (a, b) {
          if (a[0] === null || b[0] === null) return (a[0] === null) - (b[0] === null);  // what is undefined is last
          const order = numbers ? a[0] - b[0] : a[0].localeCompare(b[0], undefined, { numeric: true });
          return falls ? -order : order;
        });
        body.append(...keyed.map(function (pair) { return pair[1]; }));
      });
    });
  }

  function download(name) {
    const link = document.createElement("a");
    // The mark at the beginning tells spreadsheets that this is UTF-8.
    link.href = URL.createObjectURL(new Blob(["\ufeff" + data.pictures[name].csv], { type: "text/csv;charset=utf-8" }));
    link.download = name + ".csv";
    link.click();
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  }

  function downloads() {
    for (const button of document.querySelectorAll("button[data-csv]")) {
      button.hidden = false;
      button.addEventListener("click", function () { download(button.dataset.csv); });
    }
  }

  function theme() {
    const root = document.documentElement, button = document.getElementById("theme");
    const isDark = function () {
      return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    };
    const name = function () { button.textContent = isDark() ? "Light colours" : "Dark colours"; };
    button.hidden = false;
    button.addEventListener("click", function () { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
    name();
  }

  // Within a frame of its own making the frame has the colours in hand.
  if (!data.framed) theme();
  handles();
  downloads();
  document.querySelectorAll("table.sortable").forEach(sortable);
  drawAll();
})();
