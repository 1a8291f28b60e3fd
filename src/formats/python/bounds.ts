/** CWE-674, CWE-770: characters, parts, and parts within parts. CPython itself refuses more than about 200 brackets. */
export const PYTHON_BOUNDS = { characters: 512 * 1024, nodes: 400_000, depth: 1_000 } as const;
