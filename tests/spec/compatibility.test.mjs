// Planted breaks fail the gate, compatible changes pass it, and a release is blessed only when it is complete.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { order, parse } from './blessed.mjs';
import { breaks } from './breaks.mjs';
import { breaking, compatible, prepare } from './mutations.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const published = readFileSync(here('../../spec/openapi.json'), 'utf8');
const original = () => prepare(JSON.parse(published));

function breaksOf(mutate) {
  const mutated = original();
  mutate(mutated);
  assert.notDeepEqual(mutated, original(), 'the mutation changes nothing');
  return breaks(original(), mutated);
}

describe('a break is found when', () => {
  for (const [what, mutate] of Object.entries(breaking)) {
    test(what, () => assert.notDeepEqual(breaksOf(mutate), []));
  }
});

describe('nothing breaks when', () => {
  test('nothing changes', () => assert.deepEqual(breaks(original(), original()), []));
  for (const [what, mutate] of Object.entries(compatible)) {
    test(what, () => assert.deepEqual(breaksOf(mutate), []));
  }
});

/** Runs `use` with a folder like `spec/` whose document is of `version`, gone when it is done. */
function withFolder(version, use) {
  const folder = mkdtempSync(join(tmpdir(), 'spec-check-'));
  const write = (name, text) => writeFileSync(join(folder, name), text);
  const document = JSON.parse(published);
  document.info.version = version;
  mkdirSync(join(folder, 'blessed'));
  write('openapi.json', JSON.stringify(document));
  write('CHANGELOG.md', `# Changelog\n\n## [Unreleased]\n\n## [${version}] - 2026-11-24\n`);
  try {
    use({ folder, write, document, file: join(folder, 'openapi.json'), blessed: join(folder, 'blessed') });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(script, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [here(script), ...args], { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

function assertRefused({ status, text }, why) {
  assert.equal(status, 1, text);
  assert.match(text, why);
}

function assertPassed({ status, text }, what) {
  assert.equal(status, 0, text);
  assert.match(text, what);
}

/** The document of `folder` without one of its paths, as `version`. */
function breakDocument({ write, document }, version) {
  const broken = structuredClone(document);
  broken.info.version = version;
  delete broken.paths['/health/live'];
  write('openapi.json', JSON.stringify(broken));
}

describe('the gate', () => {
  test('says that nothing is blessed yet', () =>
    withFolder('1.0.0', ({ file, blessed }) => {
      assertPassed(run('compatibility.mjs', file, blessed), /Nothing is blessed yet/);
      rmSync(blessed, { recursive: true });
      assertPassed(run('compatibility.mjs', file, blessed), /Nothing is blessed yet/);
    }));

  test('holds the document against the newest blessed one', () =>
    withFolder('1.10.0', (spec) => {
      for (const version of ['1.2.0', '1.9.0', '1.10.0']) spec.write(`blessed/${version}.json`, published);
      assertPassed(run('compatibility.mjs', spec.file, spec.blessed), /compatible with 1\.10\.0/);
    }));

  test('lets a break pass with a new major version only', () =>
    withFolder('1.0.0', (spec) => {
      spec.write('blessed/1.0.0.json', published);
      breakDocument(spec, '1.1.0');
      const refused = run('compatibility.mjs', spec.file, spec.blessed);
      assertRefused(refused, /GET \/health\/live: the operation is gone[^]*release a new major version/);
      breakDocument(spec, '2.0.0');
      const passed = run('compatibility.mjs', spec.file, spec.blessed);
      assertPassed(passed, /breaks clients of 1\.0\.0, as its version 2\.0\.0/);
    }));

  test('does not overlook a file that is not named by a version', () =>
    withFolder('1.0.0', ({ file, blessed, write }) => {
      write('blessed/latest.json', published);
      assertRefused(run('compatibility.mjs', file, blessed), /latest\.json is not named by a version/);
    }));
});

describe('a release', () => {
  test('is frozen byte for byte, and once', () =>
    withFolder('1.2.3', ({ folder, file, blessed }) => {
      assertPassed(run('bless.mjs', '1.2.3', folder), /1\.2\.3\.json is blessed/);
      assert.deepEqual(readFileSync(join(blessed, '1.2.3.json')), readFileSync(file));
      assertRefused(run('bless.mjs', '1.2.3', folder), /not newer than 1\.2\.3/);
    }));

  test('is newer than every one before', () =>
    withFolder('1.9.0', ({ folder, write }) => {
      write('blessed/1.10.0.json', published);
      assertRefused(run('bless.mjs', '1.9.0', folder), /not newer than 1\.10\.0/);
    }));

  test('is the version that the document states', () =>
    withFolder('1.0.0', ({ folder }) => {
      assertRefused(run('bless.mjs', '1.0.1', folder), /is version 1\.0\.0/);
    }));

  test('has its own section of the changelog', () =>
    withFolder('1.0.0', ({ folder, write }) => {
      write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n');
      assertRefused(run('bless.mjs', '1.0.0', folder), /CHANGELOG\.md has no section/);
      write('CHANGELOG.md', '# Changelog\n\n## [1.0.0] - soon\n');
      assertRefused(run('bless.mjs', '1.0.0', folder), /CHANGELOG\.md has no section/);
    }));

  test('is named by a version', () =>
    withFolder('1.0.0', ({ folder }) => {
      for (const version of ['', '1.0', 'v1.0.0', '1.0.0-rc.1', '01.0.0']) {
        assertRefused(run('bless.mjs', version, folder), /is not a version/);
      }
    }));
});

test('versions are ordered by their numbers', () => {
  assert.deepEqual(parse('1.20.3'), [1, 20, 3]);
  assert.deepEqual(['10.0.0', '1.10.0', '1.9.10', '1.9.9'].sort(order), ['1.9.9', '1.9.10', '1.10.0', '10.0.0']);
  assert.equal(order('1.0.0', '1.0.0'), 0);
});
