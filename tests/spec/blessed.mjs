// Released versions of the document: `spec/blessed/<version>.json`.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** The three numbers of a version; nothing for what is no version. */
export function parse(version) {
  return VERSION.exec(version)?.slice(1).map(Number);
}

/** Less than, equal to or greater than zero, as `one` is older than, the same as or newer than `other`. */
export function order(one, other) {
  const [numbers, others] = [parse(one), parse(other)];
  const at = numbers.findIndex((number, index) => number !== others[index]);
  return at < 0 ? 0 : numbers[at] - others[at];
}

export function major(version) {
  return parse(version)[0];
}

/** The newest version in `folder`; nothing when there is none. */
export function newest(folder) {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const versions = files.map((name) => name.slice(0, -'.json'.length));
  const wrong = versions.find((version) => !parse(version));
  if (wrong) throw new Error(`${join(folder, wrong)}.json is not named by a version`);
  return versions.sort(order).at(-1);
}

export function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
