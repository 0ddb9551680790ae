// A field to choose one of a long list, which comes page by page; or to type it, where the token may not list.

import { announce, element } from './dom.js';

export class Picker {
  #place;
  #field;
  #turn = 0;

  /** A field in `place` with this `id` and `label`; `none` is the text for choosing nothing, `pointer` its place. */
  constructor(place, { id, label, none, pointer, changed = () => {} }) {
    Object.assign(this, { id, label, none, pointer, changed });
    this.#place = place;
    this.type();
  }

  get value() {
    return this.#field.value.trim();
  }

  set value(value) {
    const missing = this.#field.localName === 'select' && ![...this.#field.options].some((one) => one.value === value);
    if (missing) this.#field.append(element('option', { value }, value));
    this.#field.value = value;
  }

  focus() {
    this.#field.focus();
  }

  #show(field, ...others) {
    field.addEventListener('change', () => this.changed());
    this.#field = field;
    this.#place.replaceChildren(element('label', { for: this.id }, this.label), field, ...others);
  }

  #attributes() {
    return { id: this.id, name: this.id, 'data-pointer': this.pointer };
  }

  /** Lets the user type it. */
  type() {
    this.#turn += 1;
    this.#show(element('input', { ...this.#attributes(), autocomplete: 'off', spellcheck: 'false' }));
  }

  /** Shows that the choice depends on another one. */
  wait() {
    this.type();
    this.#field.disabled = true;
  }

  /** Offers the items of the pages; `option` makes `[value, text]` of one. */
  async offer(pages, option) {
    this.#turn += 1;
    const turn = this.#turn;
    const first = (await pages.next()).value;
    if (turn !== this.#turn) return;
    const options = ({ items }) => items.map(option).map(([value, text]) => element('option', { value }, text));
    const select = element('select', this.#attributes(), ...options(first));
    if (this.none !== undefined) select.prepend(element('option', { value: '' }, this.none));
    const more = element('button', { type: 'button', class: 'quiet' }, `More of ${this.label.toLowerCase()}`);
    more.addEventListener('click', async () => {
      const page = (await pages.next()).value;
      select.append(...options(page));
      more.hidden = !page.more;
      announce(`${page.items.length} more can be chosen.`);
    });
    more.hidden = !first.more;
    this.#show(select, more);
  }
}
