// The page: puts its parts together. Each part is a module of its own, and uses the API as any portal would.

import { callForm } from './call.js';
import { announce, byId, element, whileBusy } from './dom.js';
import { notice } from './faults.js';
import { ruleParts } from './rules.js';
import { session } from './session.js';
import { Trial } from './trial.js';
import { nameOf, readUser } from './user.js';
import { warningParts } from './warnings.js';
import { legend, weekPicture, weekWords } from './week.js';

let user;
const tried = callForm(byId('call-form'), byId('verdict'), () => user);
const trial = new Trial(tried, async ({ client, at }, made) => {
  await show(await readUser(client, at));
  byId('made').hidden = !made;
  if (made) announce('The changes are made.');
});

/** Fills a section with what `work` makes; a problem is shown in it, and the others go on. */
async function fill(id, work) {
  const area = byId(id).querySelector('.content');
  const shown = user;
  const parts = await whileBusy(area, () => work(shown).catch((problem) => [notice(problem)]));
  // Another user may have been chosen meanwhile.
  if (shown === user) area.replaceChildren(...parts);
}

async function weekParts({ client, base, zone }) {
  const { week } = await client.post(`${base}services/preview/`, { changes: [], calls: [] });
  const words = element('p', { class: 'headline' }, weekWords(week.before, zone));
  return [words, legend(), weekPicture('The coming week', week.before, zone)];
}

function showAbout() {
  const { at, profile, zone, isGuess } = user;
  const times = isGuess ? `times in ${zone}, that of this browser` : `times in ${zone}`;
  const ids = [at.tenant, at.group, at.user].join(' / ');
  byId('about-title').textContent = nameOf(user);
  byId('about-line').textContent = [profile?.phoneNumber, ids, times].filter(Boolean).join(' · ');
}

async function show(read) {
  user = read;
  showAbout();
  byId('start').hidden = true;
  byId('of-user').hidden = false;
  byId('verdict').replaceChildren();
  const mayRead = Boolean(user.services);
  for (const id of ['week', 'warnings', 'rules', 'change']) byId(id).hidden = !mayRead;
  byId('limited').hidden = mayRead;
  byId('made').hidden = true;
  byId('about-title').focus();
  if (!mayRead) return;
  await Promise.all([
    fill('week', weekParts),
    fill('warnings', (shown) => warningParts(shown, (changes) => trial.tryChanges(changes))),
    fill('rules', (shown) => ruleParts(shown, (...rule) => trial.choose(...rule))),
    trial.show(user).catch((problem) => byId('outcome').replaceChildren(notice(problem))),
  ]);
  announce(`${nameOf(user)} is shown.`);
}

byId('another').addEventListener('click', () => {
  byId('of-user').hidden = true;
  byId('start').hidden = false;
  byId('start').querySelector('select, input').focus();
});

session(async (client, at) => {
  tried.length = 0;
  await show(await readUser(client, at));
});
