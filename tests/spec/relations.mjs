// How a change of a keyword changes what its schema takes: `narrower`, `wider`, `same`, or `other` when it is both or
// cannot be told. A keyword without a relation is taken for `other`.

function relation(narrower, wider) {
  if (narrower && wider) return 'other';
  if (narrower) return 'narrower';
  return wider ? 'wider' : 'same';
}

/** A greatest value, which is not bounded when it is left out. */
const upper = (before = Infinity, after = Infinity) => relation(after < before, after > before);

/** A least value, which is not bounded when it is left out. */
const lower = (before = -Infinity, after = -Infinity) => relation(after > before, after < before);

/** A rule that may be left out; two rules cannot be compared. */
const rule = (before, after) => relation(after !== undefined, before !== undefined);

/** Something that is forbidden or not. */
const ban = (before, after) => relation(after && !before, before && !after);

/** Whether every one of `some` is one of `all`, in whatever order. */
export const within = (some, all) => some.every((item) => all.includes(item));

function values(before, after) {
  return before && after ? relation(!within(before, after), !within(after, before)) : rule(before, after);
}

function required(before = [], after = []) {
  return relation(!within(after, before), !within(before, after));
}

/** Whether members are taken that have no name in the schema; schemas for them cannot be compared. */
function additional(before = true, after = true) {
  const plain = typeof before === 'boolean' && typeof after === 'boolean';
  return plain ? ban(!before, !after) : 'other';
}

export const relations = {
  maxLength: upper,
  maxItems: upper,
  maximum: upper,
  minLength: lower,
  minItems: lower,
  minimum: lower,
  pattern: rule,
  format: rule,
  enum: values,
  required,
  nullable: (before = false, after = false) => ban(!before, !after),
  uniqueItems: (before = false, after = false) => ban(before, after),
  additionalProperties: additional,
};
