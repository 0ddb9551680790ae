// Freezes a release of the document, byte for byte, once the gate has passed:
//
//   node tests/spec/bless.mjs VERSION [FOLDER OF THE DOCUMENT]

import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { newest, order, parse, read } from './blessed.mjs';

const [version = '', spec = 'spec'] = process.argv.slice(2);
const document = join(spec, 'openapi.json');
const blessed = join(spec, 'blessed');

/** Why the version cannot be blessed; nothing when it can. */
function refusal() {
  if (!parse(version)) return `"${version}" is not a version; use \`make spec-bless VERSION=1.2.3\``;
  const stated = read(document).info.version;
  if (version !== stated) return `${document} is version ${stated}; set ${version} in Cargo.toml and run \`make spec\``;
  const last = newest(blessed);
  if (last && order(version, last) <= 0) return `${version} is not newer than ${last}, which is blessed`;
  const changelog = join(spec, 'CHANGELOG.md');
  const heading = `## [${version}] - `;
  const lines = readFileSync(changelog, 'utf8').split('\n');
  const dated = lines.some((line) => line.startsWith(heading) && /^\d{4}-\d\d-\d\d$/.test(line.slice(heading.length)));
  return dated ? undefined : `${changelog} has no section "${heading}YYYY-MM-DD"; say there what has changed`;
}

const reason = refusal();
if (reason) {
  console.error(`Not blessed: ${reason}.`);
  process.exitCode = 1;
} else {
  mkdirSync(blessed, { recursive: true });
  const file = join(blessed, `${version}.json`);
  copyFileSync(document, file);
  console.log(`${file} is blessed.`);
}
