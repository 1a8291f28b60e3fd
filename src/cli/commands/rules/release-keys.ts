/**
 * Public keys (PEM) of those who release rules for this program. There is none yet: until there is, `assay rules update` needs
 * `--public-key` or a trust file that lets somebody sign rules.
 */
export const RELEASE_KEYS: readonly string[] = [];
