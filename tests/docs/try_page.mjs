// Uses the page at /try/ as somebody does who has only a keyboard.

import assert from 'node:assert/strict';

const MOST_STEPS = 150;

export class TryPage {
  constructor(page) {
    this.page = page;
  }

  /** The page with a user of the tenant `foo` and the group `foogroup`, chosen from lists. */
  static async open(page, token, user = 'foouser') {
    const opened = new TryPage(page);
    await opened.signIn(token);
    await opened.chooseGroup();
    await opened.show(user);
    await opened.rule('foocriteria').or(opened.section('The rules').getByText('no active rule')).first().waitFor();
    return opened;
  }

  /** Chooses the tenant and the group; there may be others. */
  async chooseGroup() {
    await this.choose('Tenant', /\(foo\)$/);
    await this.choose('Group', /foogroup/);
  }

  /** Chooses the user, and shows it. */
  async show(user) {
    await this.choose('User', new RegExp(`^(.*\\()?${user}\\)?$`));
    await this.press('Show this user');
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true });
  }

  section(title) {
    return this.page.getByRole('region', { name: title, exact: true });
  }

  rule(name) {
    return this.page.getByRole('article').filter({ has: this.page.getByRole('heading', { name, exact: true }) });
  }

  /** Goes on to an element by the tabulator. */
  async tabTo(target) {
    await target.waitFor();
    const hasFocus = () => target.evaluate((one) => one === document.activeElement);
    for (let step = 0; !(await hasFocus()); step += 1) {
      assert.ok(step < MOST_STEPS, `the tabulator does not lead to ${target}`);
      await this.page.keyboard.press('Tab');
    }
  }

  async type(label, text) {
    await this.tabTo(this.field(label));
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.press('Delete');
    const lines = text.split('\n');
    for (const [at, line] of lines.entries()) {
      if (at) await this.page.keyboard.press('Enter');
      await this.page.keyboard.insertText(line);
    }
  }

  /** Chooses the option with this text. */
  async choose(label, text) {
    const select = this.field(label).and(this.page.locator('select'));
    await this.tabTo(select);
    const options = await select.evaluate((one) => [...one.options].map((option) => option.text));
    const wanted = options.findIndex((option) => (text instanceof RegExp ? text.test(option) : option === text));
    assert.ok(wanted >= 0, `${text} is none of ${options}`);
    for (let step = 0; ; step += 1) {
      const at = await select.evaluate((one) => one.selectedIndex);
      if (at === wanted) return;
      assert.ok(step < MOST_STEPS, `${text} cannot be chosen`);
      await this.page.keyboard.press(at < wanted ? 'ArrowDown' : 'ArrowUp');
    }
  }

  async check(label) {
    await this.tabTo(this.field(label));
    await this.page.keyboard.press('Space');
  }

  async press(name, within = this.page) {
    await this.tabTo(within.getByRole('button', { name, exact: true }));
    await this.page.keyboard.press('Enter');
  }

  async signIn(token) {
    await this.page.goto('/try/');
    await this.type('Token', token);
    await this.page.keyboard.press('Enter');
  }

  async typeUser(tenant, group, user) {
    for (const [label, value] of [['Tenant', tenant], ['Group', group], ['User', user]]) {
      await this.field(label).and(this.page.locator('input:enabled')).waitFor();
      await this.type(label, value);
      await this.page.keyboard.press('Tab');
    }
    await this.press('Show this user');
  }

  /** Tries the change that is in the form, and waits for what it would do. */
  async tryIt() {
    await this.press('Try it on a copy');
    await this.page.getByRole('heading', { name: 'On the copy' }).waitFor();
  }

  /** The text of the element that the invalid field names as its error. */
  async faultOf(label) {
    const field = this.field(label).and(this.page.locator('[aria-invalid=true]'));
    await field.waitFor();
    assert.ok(await field.evaluate((one) => one === document.activeElement), `${label} has the focus`);
    const [first] = (await field.getAttribute('aria-errormessage')).split(' ');
    return this.page.locator(`[id="${first}"]`).innerText();
  }
}
