/**
 * Requests a minute for each principal, where one takes the loop for up to a second: a report of ten thousand findings, a policy
 * of a hundred long rules, the hashes of a long log (CWE-400).
 */
export const COSTLY = { max: 60, timeWindow: 60_000 };
