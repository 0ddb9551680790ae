// Changes tried on a copy: they are collected, previewed together, and made when that is confirmed.

import { Problem } from './api.js';
import { ChangeForm } from './change.js';
import { announce, byId, element, whileBusy } from './dom.js';
import { changeWords, sortFaults, updates, withChange } from './draft.js';
import { clearFaults, notice, showProblem } from './faults.js';
import { outcome } from './outcome.js';
import { questions } from './questions.js';
import { quoted } from './words.js';

export class Trial {
  #changes = [];
  #form = new ChangeForm();
  #area = byId('outcome');
  #element = byId('change-form');
  #user;

  /**
   * `tried` are the questions that were asked before; `reload(user, made)` is called when the user is to be read again,
   * with whether changes have been made.
   */
  constructor(tried, reload) {
    Object.assign(this, { tried, reload });
    this.#element.addEventListener('submit', (event) => this.#submit(event));
  }

  /** Starts with a user, without changes. */
  async show(user) {
    this.#user = user;
    this.#changes = [];
    this.#area.replaceChildren();
    clearFaults(this.#element);
    await this.#form.show(user);
  }

  /** Leads to the change of a rule. */
  choose(what, service, name) {
    this.#form.choose(what, service, name);
  }

  #submit(event) {
    event.preventDefault();
    return this.tryChanges([this.#form.change]);
  }

  /** Tries further changes, together with those before. */
  async tryChanges(added) {
    clearFaults(this.#element);
    const changes = added.reduce(withChange, this.#changes);
    try {
      added.forEach((change) => this.#refuseTakenName(change));
      await whileBusy(this.#element, () => this.#preview(changes));
      this.#area.firstElementChild.focus();
    } catch (problem) {
      if (problem.faults) problem.faults = sortFaults(changes, problem.faults);
      showProblem(this.#element, problem);
    }
  }

  /** An entry of a PUT that has the name of another rule would change that one. */
  #refuseTakenName({ service, name, rule, entry }) {
    const isTaken = (one) => one.name === name;
    if (!entry || rule || !this.#user.services.get(service).body.criteria.some(isTaken)) return;
    const detail = `There is a rule ${quoted(name)} already; choose to change it, or another name.`;
    const errors = [{ pointer: `/name`, detail }];
    throw new Problem(409, { title: 'The name is taken', detail, errors });
  }

  async #preview(changes) {
    const { client, base, zone, services } = this.#user;
    const rules = [...services.values()].flatMap(({ body }) => body?.criteria ?? []);
    const asked = questions([...rules, ...changes.map(({ entry }) => entry ?? {})], this.tried, zone);
    const body = { changes: updates(changes), calls: asked.map(({ call }) => call) };
    const preview = await client.post(`${base}services/preview/`, body);
    this.#changes = changes;
    this.#area.replaceChildren(this.#collected(), outcome(preview, asked, this.#user), this.#buttons());
    announce(`${preview.changed} of ${asked.length} calls would be decided otherwise.`);
  }

  /** The changes, each with a button that takes it back. */
  #collected() {
    const item = (change) =>
      element(
        'li',
        {},
        element('span', {}, changeWords(change, this.#user.zone)),
        element('button', { type: 'button', class: 'quiet', click: () => this.#takeBack(change) }, 'Take back'),
      );
    return element(
      'div',
      { class: 'collected', tabindex: '-1', 'aria-labelledby': 'collected-title' },
      element('h3', { id: 'collected-title' }, 'On the copy'),
      element('ul', {}, ...this.#changes.map(item)),
    );
  }

  async #takeBack(change) {
    const left = this.#changes.filter((one) => one !== change);
    if (!left.length) {
      this.#throwAway();
      return;
    }
    try {
      await whileBusy(this.#area, () => this.#preview(left));
      this.#area.firstElementChild.focus();
    } catch (problem) {
      this.#area.prepend(notice(problem));
    }
  }

  #throwAway() {
    this.#changes = [];
    this.#area.replaceChildren();
    announce('Nothing is tried any more.');
    byId('what').focus();
  }

  #buttons() {
    return element(
      'div',
      { class: 'buttons' },
      element('button', { type: 'button', class: 'primary', click: () => this.#confirm() }, 'Make these changes…'),
      element('button', { type: 'button', click: () => this.#throwAway() }, 'Throw the copy away'),
    );
  }

  /** Asks whether the changes are to be made. */
  #confirm() {
    const dialog = byId('confirm');
    const lines = this.#changes.map((change) => element('li', {}, changeWords(change, this.#user.zone)));
    dialog.querySelector('.content').replaceChildren(element('ul', {}, ...lines));
    dialog.returnValue = 'no';
    dialog.addEventListener('close', () => dialog.returnValue === 'yes' && this.#make(), { once: true });
    dialog.showModal();
  }

  /** Makes the changes, service by service: each is changed whole or not at all, and only if nobody else has. */
  async #make() {
    const { client, base, services } = this.#user;
    const done = [];
    try {
      for (const { service, update } of updates(this.#changes)) {
        const { segment, etag } = services.get(service);
        await client.send('PUT', `${base}services/${segment}/`, { body: update, etag });
        done.push(service);
      }
      await this.reload(this.#user, true);
    } catch (problem) {
      const shown = notice(problem);
      const fail = (next) => shown.replaceWith(notice(next));
      const again = { type: 'button', click: () => this.reload(this.#user, false).catch(fail) };
      shown.setAttribute('role', 'alert');
      if (done.length) shown.append(element('p', {}, `Changed already: ${done.join(', ')}.`));
      shown.append(element('button', again, 'Load the user again'));
      this.#area.append(shown);
    }
  }
}
