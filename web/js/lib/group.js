// @ts-check

/** A list by the key of its items, keys in order of first appearance. @template T @param {T[]} list @param {(item: T) => string} keyOf @returns {Map<string, T[]>} */
export function groupBy(list, keyOf) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const item of list) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
