// Problems on the page: each fault beside the field that its JSON pointer leads to, everything else as a notice.

import { element, marked, newId } from './dom.js';

/** What a person can do about a problem, beside what it says itself. */
function advice({ status, code }) {
  if (status === 403) return 'Another token is needed: one whose role and scope allow this.';
  if (status === 412) return 'Somebody else has changed the service meanwhile. Look at it again.';
  if (status === 429 || status === 503) return 'Try again in a while.';
  if (code === 'internal_error') return 'Give the operator the number of the request.';
  return '';
}

/** A notice about a problem. */
export function notice(problem) {
  if (problem.status === undefined) throw problem;
  const words = [' ', ...marked(problem.message), ' ', advice(problem)];
  const lines = [element('p', {}, element('strong', {}, problem.title), ...words)];
  if (problem.status >= 500) lines.push(element('p', { class: 'hint' }, `Request ${problem.request}`));
  return element('div', { class: 'notice error' }, ...lines);
}

/** Forgets what was shown of an earlier problem. */
export function clearFaults(form) {
  form.querySelector('.faults').replaceChildren();
  for (const shown of form.querySelectorAll('.fault')) shown.remove();
  for (const field of form.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-errormessage');
  }
}

/** The field for a pointer: that with the longest beginning of it among its `data-pointer`. */
function fieldOf(form, pointer) {
  const leads = (known) => pointer === known || pointer.startsWith(`${known}/`);
  let best = { length: 0 };
  for (const field of form.querySelectorAll('[data-pointer]')) {
    if (field.closest('[hidden]')) continue;
    for (const known of field.dataset.pointer.split(' ')) {
      if (leads(known) && known.length > best.length) best = { field, length: known.length };
    }
  }
  return best.field;
}

function mark(field, text) {
  const shown = element('p', { class: 'fault', id: newId('fault') }, ...marked(text));
  const place = field.closest('.field, .checks') ?? field.parentElement;
  place.append(shown);
  field.setAttribute('aria-invalid', 'true');
  const others = field.getAttribute('aria-errormessage');
  field.setAttribute('aria-errormessage', others ? `${others} ${shown.id}` : shown.id);
}

/** Shows a problem in its form, and leads to the first field that is wrong. */
export function showProblem(form, problem) {
  clearFaults(form);
  const others = [];
  for (const { pointer, detail } of problem.faults ?? []) {
    const field = pointer === undefined ? undefined : fieldOf(form, pointer);
    if (field) mark(field, detail);
    else others.push(element('li', {}, ...marked(pointer ? `\`${pointer}\`: ${detail}` : detail)));
  }
  const first = form.querySelector('[aria-invalid]');
  const summary = first && !others.length ? element('p', { class: 'notice error' }, problem.title) : notice(problem);
  if (others.length) summary.append(element('ul', {}, ...others));
  form.querySelector('.faults').append(summary);
  first?.focus();
}
