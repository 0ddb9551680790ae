// Drives Swagger UI like a person.

import assert from 'node:assert/strict';

export class SwaggerUi {
  static async open(page, token) {
    await page.goto('/docs/');
    await page.getByRole('button', { name: 'Authorize', exact: true }).first().click();
    const dialog = page.getByRole('dialog').or(page.locator('.dialog-ux'));
    const bearer = dialog.locator('.auth-container', { hasText: 'http, Bearer' });
    await bearer.locator('input').fill(token);
    await bearer.getByRole('button', { name: 'Apply credentials' }).click();
    await bearer.getByText('Authorized', { exact: true }).waitFor();
    await dialog.locator('.close-modal').click();
    return new SwaggerUi(page);
  }

  constructor(page) {
    this.page = page;
  }

  block({ operationId, tags: [tag] }) {
    return this.page.locator(`[id="operations-${tag.replaceAll(' ', '_')}-${operationId}"]`);
  }

  // Folds the operations of all tags; few unfolded ones keep the page fast.
  async fold() {
    for (const tag of await this.page.locator('.opblock-tag').all()) await tag.click();
  }

  // Unfolds or folds the operations of a tag.
  async toggleTag(tag) {
    await this.page.locator(`.opblock-tag[data-tag="${tag}"]`).click();
  }

  // Opens or closes the operation.
  async toggle(operation) {
    await this.block(operation).locator('.opblock-summary-control').click();
  }

  // Executes an open operation with the values filled in by the page, and returns the displayed response.
  async execute(operation) {
    const block = this.block(operation);
    await block.getByRole('button', { name: 'Try it out' }).click();
    const [response] = await Promise.all([
      this.page.waitForResponse((response) => response.url().startsWith(new URL('/', this.page.url()).href)),
      block.getByRole('button', { name: 'Execute' }).click(),
    ]);
    const shown = block.locator('.live-responses-table .response');
    await shown.waitFor();
    const status = Number.parseInt(await shown.locator('.response-col_status').innerText(), 10);
    const text = await shown.locator('.response-col_description pre').first().innerText();
    assert.equal(status, response.status());
    const sent = await response.text();
    // The page takes lines of JSON for JSON, and says before them that they are not.
    if (response.headers()['content-type'].startsWith('application/x-ndjson')) {
      assert.ok(text.trim().endsWith(sent.trim()));
      return { status, body: sent };
    }
    if (!response.headers()['content-type'].includes('json')) {
      assert.equal(text.trim(), sent.trim());
      return { status, body: sent };
    }
    assert.deepEqual(JSON.parse(text), JSON.parse(sent));
    return { status, body: JSON.parse(sent) };
  }

  // Takes a picture of an operation, from its header to the response.
  async picture(operation, path) {
    await this.page.evaluate(() => window.scrollTo(0, 0));
    const block = this.block(operation);
    const { x, y, width } = await block.boundingBox();
    const answered = await block.locator('.live-responses-table').boundingBox();
    const clip = { x, y, width, height: answered.y + answered.height - y };
    await this.page.screenshot({ path, clip, fullPage: true });
  }
}
