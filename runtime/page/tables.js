// Number formats, and tables that update in place: unchanged cells are not touched, so a selection and the focus stay.

export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/// At least two digits, and no trailing zero.
function short(value) {
  return String(value < 10 ? Number(value.toFixed(1)) : Math.round(value));
}

export function time_text(ms) {
  if (ms == null) return "";
  if (ms < 1) return short(ms * 1000) + " µs";
  if (ms < 1000) return short(ms) + " ms";
  if (ms < 100e3) return short(ms / 1000) + " s";
  if (ms < 100 * 60e3) return (ms / 60e3).toFixed(0) + " min";
  if (ms < 48 * 3600e3) return (ms / 3600e3).toFixed(0) + " h";
  return (ms / 86400e3).toFixed(0) + " d";
}

export function count_text(count) {
  if (count == null) return "";
  if (count > 0 && count < 1) return String(Number(count.toPrecision(2)));  // 0.033, not 0
  if (count < 10) return String(Number(count.toFixed(1)));
  return Math.round(count).toLocaleString("en");
}

function set(element, cell) {
  const { text = "", title = "", kind = "", use } = typeof cell === "object" && cell ? cell : { text: cell };
  const shown = text == null ? "" : String(text);
  if (element.className !== kind) element.className = kind;
  if (element.title !== title) element.title = title;
  if (use === undefined) {
    if (element.textContent !== shown) element.textContent = shown;
    return;
  }
  // A bar before the text.
  if (!element.firstElementChild) {
    const bar = document.createElement("span");
    bar.className = "use";
    bar.append(document.createElement("i"));
    element.replaceChildren(bar, "");
  }
  element.firstElementChild.firstElementChild.style.width = Math.min(100, use * 100).toFixed(0) + "%";
  if (element.lastChild.data !== shown) element.lastChild.data = shown;
}

/// `columns`: [title, kind]; `rows`: arrays of cells, a text or { text, title, kind, use }.
export function fill(table, columns, rows, none) {
  if (!table.tHead) {
    const head = table.createTHead().insertRow();
    for (const [title, kind] of columns) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = title;
      cell.className = kind || "";
      head.append(cell);
    }
    table.createTBody();
  }
  const body = table.tBodies[0];
  if (rows.length === 0) {
    body.replaceChildren();
    const cell = body.insertRow().insertCell();
    cell.colSpan = columns.length;
    set(cell, { text: none, kind: "none" });
    return;
  }
  if (body.rows.length === 1 && body.rows[0].cells.length !== columns.length) body.replaceChildren();
  while (body.rows.length > rows.length) body.deleteRow(-1);
  while (body.rows.length < rows.length) {
    const row = body.insertRow();
    for (const [, kind] of columns) row.insertCell().className = kind || "";
  }
  rows.forEach((cells, at) => {
    const row = body.rows[at];
    cells.forEach((cell, i) => set(row.cells[i], typeof cell === "object" && cell ? { kind: columns[i][1] || "", ...cell }
                                                                                  : { text: cell, kind: columns[i][1] || "" }));
  });
}
