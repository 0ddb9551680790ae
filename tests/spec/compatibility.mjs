// Holds the document against the last blessed one, and fails when it breaks clients within a major version:
//
//   node tests/spec/compatibility.mjs [DOCUMENT [FOLDER OF BLESSED ONES]]

import { join } from 'node:path';

import { major, newest, read } from './blessed.mjs';
import { breaks } from './breaks.mjs';

const [file = 'spec/openapi.json', folder = 'spec/blessed'] = process.argv.slice(2);

function judge() {
  const last = newest(folder);
  if (!last) return { text: `Nothing is blessed yet in ${folder}; there is no promise to hold ${file} against.` };
  const document = read(file);
  const { version } = document.info;
  const found = breaks(read(join(folder, `${last}.json`)), document);
  if (!found.length) return { text: `${file} is compatible with ${last}.` };
  const list = found.map((text) => `- ${text}`).join('\n');
  if (major(version) > major(last)) {
    return { text: `${file} breaks clients of ${last}, as its version ${version} says:\n${list}` };
  }
  return {
    failed: true,
    text: `${file} breaks clients of ${last}:\n${list}\n\
Mend api/ so that it does not and run \`make spec\`, or release a new major version: raise the version in Cargo.toml.\n\
What is breaking stands in spec/DESIGN.md, section Compatibility.`,
  };
}

const { failed, text } = judge();
console[failed ? 'error' : 'log'](text);
process.exitCode = failed ? 1 : 0;
