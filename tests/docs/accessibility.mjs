// What a page must have for people who use a keyboard or a screen reader, or see little (WCAG 2.2, level AA).

/** Roles of elements that need a name. */
const NAMED = new Set(['button', 'link', 'textbox', 'combobox', 'checkbox', 'image', 'dialog', 'table', 'DateTime']);

/** Elements that need a name and have none, by their role. */
async function unnamed(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  const found = nodes.filter(({ ignored, role }) => !ignored && NAMED.has(role?.value));
  if (!found.length) throw new Error('there is no element with a role');
  return found.filter(({ name }) => !name?.value).map(({ role }) => `${role.value} without a name`);
}

/** Runs in the page: faults of the document itself. */
function faultsOfDocument() {
  const faults = [];
  const isShown = (one) => one.checkVisibility({ visibilityProperty: true });
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`two elements have the id ${id}`);
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-errormessage', 'for']) {
    for (const one of document.querySelectorAll(`[${attribute}]`)) {
      const missing = one.getAttribute(attribute).split(' ').filter((id) => !document.getElementById(id));
      if (missing.length) faults.push(`${attribute} leads nowhere: ${missing}`);
    }
  }
  let level = 0;
  for (const heading of [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(isShown)) {
    const own = Number(heading.localName[1]);
    if (own > level + 1) faults.push(`a heading of level ${own} follows one of level ${level}: ${heading.textContent}`);
    level = own;
  }
  if (!document.documentElement.lang) faults.push('the language is not named');
  if (document.querySelectorAll('main').length !== 1) faults.push('there is not one main part');
  const beyond = document.documentElement.scrollWidth - innerWidth;
  if (beyond > 0) faults.push(`it is ${beyond} pixels wider than the window`);
  return faults;
}

/** Runs in the page: texts whose contrast is below that of level AA. */
function faintTexts() {
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color[3] === undefined || color[3] === 1) return color;
      if (color[3] > 0) throw new Error(`a background that shines through: ${color}`);
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const one of document.body.querySelectorAll('*')) {
    const isEmpty = ![...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (isEmpty || one.disabled || !one.checkVisibility() || one.closest('.visually-hidden, noscript')) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(one);
    const [light, dark] = [luminance(parts(color)), luminance(ground(one))].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`contrast ${ratio.toFixed(2)}: ${one.textContent.trim().slice(0, 40)}`);
  }
  return faint;
}

/** The faults of a page as it is. */
export async function faultsOf(page) {
  return [
    ...(await unnamed(page)),
    ...(await page.evaluate(faultsOfDocument)),
    ...(await page.evaluate(faintTexts)),
  ];
}
