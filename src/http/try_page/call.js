// A call that is tried: the question, the decision, and what each rule said.

import { element } from './dom.js';
import { clearFaults, showProblem } from './faults.js';
import { effect } from './services.js';
import { outcomeWords, quoted, reasonWords } from './words.js';
import { instantOf } from './zone.js';

const MOST_KEPT = 20;

/** The question that the form asks. What is left empty is left out. */
function question(form, zone) {
  const data = new FormData(form);
  const asked = {
    callingNumber: data.get('callingNumber').trim() || undefined,
    presentation: data.get('presentation') || undefined,
    internal: data.has('internal') || undefined,
    forwarded: data.has('forwarded') || undefined,
    priority: data.has('emergency') ? 'psap-callback' : undefined,
    at: data.get('at') ? instantOf(data.get('at'), zone) : undefined,
  };
  return JSON.parse(JSON.stringify(asked));
}

/** What the caller gets who is refused. */
function treatment({ sipStatus, sipReason, q850Cause, announcement, redirectTo }) {
  const parts = [`${sipStatus} ${sipReason}`];
  if (q850Cause) parts.push(`cause ${q850Cause}`);
  if (announcement) parts.push(`announcement ${quoted(announcement)}`);
  if (redirectTo) parts.push(`redirected to ${redirectTo}`);
  return `The caller gets: ${parts.join(', ')}.`;
}

function explanationLine({ service, criteria, outcome, doNotPerformAction }, { decision }) {
  const decided = outcome === 'matched' && decision.service === service && decision.criteria === criteria;
  const verb = { accepts: 'accepts', refuses: 'refuses', spares: 'lets pass' }[effect(service, { doNotPerformAction })];
  return element(
    'li',
    { class: decided ? 'decided' : outcome === 'matched' ? 'matched' : '' },
    element('strong', {}, criteria),
    ` (${service}, ${verb}) `,
    outcomeWords(outcome),
    decided ? element('span', { class: 'badge' }, 'decides') : null,
  );
}

/** A decision with its explanation. */
export function verdict(decision) {
  const accepted = decision.decision === 'accept';
  const words = reasonWords(decision);
  const shown = element(
    'div',
    { class: `verdict ${accepted ? 'accepted' : 'refused'}` },
    element('p', { class: 'result' }, accepted ? 'Accepted' : 'Refused'),
    element('p', {}, `${words[0].toUpperCase()}${words.slice(1)}.`),
    accepted ? null : element('p', { class: 'hint' }, treatment(decision)),
  );
  if (decision.stale) shown.append(element('p', { class: 'notice' }, 'The database is away: this is the last known.'));
  if (!decision.explanation?.length) return shown;
  const lines = decision.explanation.map((line) => explanationLine(line, { decision }));
  shown.append(element('h3', {}, 'What each rule said, in order'), element('ol', { class: 'explanation' }, ...lines));
  return shown;
}

/** Makes the form try calls to the user that `current` returns. Answers the list of the questions tried. */
export function callForm(form, area, current) {
  const tried = [];
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    clearFaults(form);
    const user = current();
    const asked = question(form, user.zone);
    try {
      const address = `${user.base}services/selective_call_acceptance/decision/?explain=true`;
      area.replaceChildren(verdict(await user.client.post(address, asked)));
      tried.push(asked);
      tried.splice(0, tried.length - MOST_KEPT);
    } catch (problem) {
      area.replaceChildren();
      showProblem(form, problem);
    }
  });
  return tried;
}
