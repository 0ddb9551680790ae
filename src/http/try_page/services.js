// The services that screen calls, in the order in which they are asked.

export const REJECTION = 'Selective Call Rejection';
export const ANONYMOUS = 'Anonymous Call Rejection';
export const ACCEPTANCE = 'Selective Call Acceptance';

/** Name, path segment and whether the service has criteria, which this page calls rules. */
export const SERVICES = [
  { name: REJECTION, segment: 'selective_call_rejection', hasRules: true },
  { name: ANONYMOUS, segment: 'anonymous_call_rejection', hasRules: false },
  { name: ACCEPTANCE, segment: 'selective_call_acceptance', hasRules: true },
];

/** What a rule of the service does with the calls that it matches. */
export function effect(service, { doNotPerformAction }) {
  if (service === REJECTION) return doNotPerformAction ? 'spares' : 'refuses';
  return doNotPerformAction ? 'refuses' : 'accepts';
}

/** What becomes of a call that a rule matches, in words. */
export const EFFECTS = { accepts: 'accepted', refuses: 'refused', spares: 'not refused by this service' };
