// Elements of the page. Names are users' input: texts go in as text, never as HTML.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. Attributes that are true are set, those that are false, null or undefined left out, and functions
 * listen to events: element('button', { type: 'button', click: tryIt }, 'Try it').
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child != null && child !== ''));
  return made;
}

/** A text of the API, in which what stands between backticks is code, as parts of an element. */
export const marked = (text) => text.split('`').map((part, at) => (at % 2 ? element('code', {}, part) : part));

/** A list, `ul` or `ol`, with an item for each child. */
export const list = (name, attributes, items) =>
  element(name, attributes, ...items.map((item) => element('li', {}, item)));

/** A table with these heads of columns; the first cell of a row is its head. */
export function table(caption, heads, rows) {
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  const body = rows.map(([first, ...cells]) =>
    element('tr', {}, element('th', { scope: 'row' }, first), ...cells.map((cell) => element('td', {}, cell))),
  );
  const made = element('table', {}, element('caption', {}, caption), element('thead', {}, head));
  made.append(element('tbody', {}, ...body));
  return element('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption }, made);
}

/** Says something to users of screen readers. */
export function announce(text) {
  byId('announcer').textContent = text;
}

/** Shows `busy` to the eye and the screen reader while the work goes on. */
export async function whileBusy(area, work) {
  area.setAttribute('aria-busy', 'true');
  try {
    return await work();
  } finally {
    area.removeAttribute('aria-busy');
  }
}

let made = 0;
/** An id that no other element has. */
export const newId = (prefix) => `${prefix}-${++made}`;
