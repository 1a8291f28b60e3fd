// Programs that load nothing, whatever stands in the words that are listed: one row a program, and how each of its words may look.
// Sources: POSIX.1-2024 (sleep, test, true, false, echo), manual pages of nc (OpenBSD), nslookup (BIND 9), pg_isready (PostgreSQL 17),
// redis-cli, curl and wget, and of tini and dumb-init.

const HOST = String.raw`[A-Za-z0-9](?:[\w.-]*\w)?\.?`;
const PORT = String.raw`\d{1,5}`;
/** An address of the Pod itself that tells its state: asking changes nothing. */
const OWN_STATE = String.raw`https?://(?:localhost|127\.0\.0\.1)(?::${PORT})?/(?:-/)?(?:healthz?|health_check|readyz?|ready|livez?|live|alive|ping|status|version|metrics|v2/health/(?:ready|live))?`;

function words(...patterns: readonly string[]): RegExp {
  return new RegExp(`^(?:${patterns.join('|')})$`);
}

/** Of the words of a command, joined by one space each. */
export const INERT_PROGRAMS: Readonly<Record<string, RegExp>> = {
  sleep: /^(?:\d+(?:\.\d+)?[smhd]?|inf|infinity)$/,
  true: /^$/,
  false: /^$/,
  ':': /^$/,
  exit: /^\d{0,3}$/,
  set: /^(?:-[eux]+)?(?: ?-o pipefail)?$/,
  ulimit: /^-[ln] (?:\d+|unlimited)$/,
  date: /^$/,
  hostname: /^$/,
  nproc: /^$/,
  'nvidia-smi': /^$/,
  // Words alone: they go to the log.
  echo: /^[\w@%+=:,. /-]{0,500}$/,
  test: /^(?:! )?-[defrswxnz] [\w@%+=:,./-]{1,500}$/,
  '[': /^(?:! )?-[defrswxnz] [\w@%+=:,./-]{1,500} \]$/,
  nslookup: words(HOST, `${HOST} ${HOST}`),
  nc: words(`-[zv]*z[zv]*(?: -w ?${PORT})? ${HOST} ${PORT}`, `(?:-v )?-z(?: -v)?(?: -w ?${PORT})? ${HOST} ${PORT}`),
  pg_isready: words(`(?:(?:-h ${HOST}|-p ${PORT}|-U [\\w.-]+|-d [\\w-]+|-q|-t ${PORT})(?: |$))*`),
  'redis-cli': words(`(?:-h ${HOST} )?(?:-p ${PORT} )?ping`),
  curl: words(`(?:(?:-[fsSk]+|--fail|--silent|--show-error|-o /dev/null|--max-time ${PORT}|-m ${PORT}) )*${OWN_STATE}`),
  wget: words(`(?:(?:-q|--quiet|--spider|-T ${PORT}|-O /dev/null|-qO /dev/null|-t 1) )*--spider ${OWN_STATE}`),
};

/** Shells whose `-c` is read. */
export const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash', 'zsh', 'ksh']);

/** They start the program after `--`, and change nothing of it. Options that may stand before. */
export const STARTERS: Readonly<Record<string, RegExp>> = { tini: /^-[gsv]+$/, 'dumb-init': /^(?:-v|-c)$/ };

/** Programs that run code which they are given: in a word, a file, or through the standard input. */
export const INTERPRETERS =
  /^(?:(?:ba|da|a|z|k|c|tc|fi)?sh|busybox|toybox|env|xargs|python[\d.]*|pypy[\d.]*|ipython[\d.]*|perl[\d.]*|ruby[\d.]*|node|nodejs|deno|bun|npx|tsx|php[\d.]*|pwsh|powershell|lua[\d.]*|Rscript|R|julia|java|groovy|tclsh|awk|gawk|mawk|find|parallel|make|uv|uvx|pipx|poetry|conda|mamba|micromamba|pixi|torchrun|accelerate|deepspeed|mpirun|streamlit|su|sudo|setsid|nohup|timeout|nice|numactl|chroot|unshare|nsenter|ssh)$/;
