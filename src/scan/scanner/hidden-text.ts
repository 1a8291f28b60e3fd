/** Markup and commands that no record of an export has a use for. */
const MARKUP = /<script\b|javascript:|\bon(?:error|load)\s*=|^#!\s*\/(?:usr\/)?bin\//i;
const CODE =
  /__import__\s*\(|\b(?:os\.(?:system|popen)|subprocess\.\w+)\s*\(|(?<![.\w])(?:eval|exec)\s*\(|\bpowershell\b/i;
/** A pickle of the protocols 2 to 5, an ELF file, and a program of Windows. */
const BASE64 = /^(?:gA[I-X][A-Za-z0-9+/]{16}|f0VMRg[IE][A-Za-z0-9+/]{16}|TVqQAAMAAAAEAAAA)/;

/**
 * What of a text looks like a program rather than a note of an exporter, with its surroundings; undefined when nothing does.
 * @param traces the text may hold lines of Python, which are ordinary in descriptions of nodes
 */
export function hiddenText(text: string, traces = false): string | undefined {
  const found = BASE64.exec(text) ?? MARKUP.exec(text) ?? (traces ? null : CODE.exec(text));
  return found === null ? undefined : text.slice(Math.max(0, found.index - 20), found.index + 80);
}
