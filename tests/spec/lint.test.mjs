// The linters report violations, and their exceptions are as narrow as declared. Run it with `with-tools`.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'spec-lint-'));
after(() => rmSync(folder, { recursive: true }));

/** A small part of the published document that stands by itself: a probe of health. */
function part() {
  const { components, paths, ...rest } = JSON.parse(readFileSync(here('../../spec/openapi.json'), 'utf8'));
  const kept = {};
  const keep = (value) => {
    for (const [, section, name] of JSON.stringify(value).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
      if (kept[section]?.[name]) continue;
      (kept[section] ??= {})[name] = components[section][name];
      keep(components[section][name]);
    }
  };
  keep(paths['/health/live']);
  return { ...rest, security: [], paths: { '/health/live': paths['/health/live'] }, components: kept };
}

function lint(mutate) {
  const document = part();
  mutate(document);
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document, null, 2));
  const { status, stdout, stderr } = spawnSync(here('lint'), [file], { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

function assertFault(mutate, ...texts) {
  const { status, text } = lint(mutate);
  assert.equal(status, 1, text);
  for (const expected of texts) assert.match(text, expected);
}

test('a document without faults passes', () => {
  const { status, text } = lint(() => {});
  assert.equal(status, 0, text);
});

test('what Redocly warns of is a fault', () =>
  assertFault((document) => delete document.paths['/health/live'].get.operationId, /Redocly finds faults/));

test('what Spectral warns of is a fault', () =>
  assertFault((document) => (document.components.schemas.Unused = { type: 'object' }), /Spectral finds faults/));

test('what the validator says is a fault', () =>
  assertFault(
    (document) => (document.components.schemas.Problem.properties.status.default = 'x'),
    /openapi-spec-validator finds faults/,
  ));

test('only the probes of health need no credentials, and only listed texts no pattern', () =>
  assertFault(
    (document) => {
      document.paths['/api/v1/other'] = structuredClone(document.paths['/health/live']);
      document.paths['/api/v1/other'].get.operationId = 'other_view';
      delete document.components.schemas.Health.properties.version.pattern;
      delete document.components.schemas.Problem.properties.detail.maxLength;
    },
    /Spectral finds faults/,
    /read-restricted .*paths\.\/api\/v1\/other\.get/,
    /rate-limit-responses-429 .*paths\.\/api\/v1\/other\.get/,
    /define-error-responses-401 .*paths\.\/api\/v1\/other\.get/,
    /string-restricted .*Health\.properties\.version/,
    /string-limit .*Problem\.properties\.detail/,
  ));
