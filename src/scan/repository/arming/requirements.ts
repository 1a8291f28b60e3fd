import { INSTALL_SOURCE } from '../rules.ts';

/** Registries that the makers of Python and of frameworks run, and hosts of source code. */
const REGISTRIES =
  /^(?:(?:[\w-]+\.)*(?:pypi\.org|pythonhosted\.org|pytorch\.org|nvidia\.com|pyg\.org|anaconda\.org|anaconda\.com|conda\.io)|storage\.googleapis\.com\/jax-releases|test\.pypi\.org|repo\.radeon\.com|(?:[\w-]+\.)?huggingface\.co|hf\.co|github\.com|(?:raw|objects)\.githubusercontent\.com|gitlab\.com|bitbucket\.org|codeload\.github\.com)(?:[/:?#]|$)/i;
const ADDRESS = /\b(?:(?:git|hg|svn|bzr)\+)?([a-z][a-z0-9+.-]{1,20}):\/\/([^\s"'#,;\]})]{1,1000})/gi;
const INDEX = /(?:^|\s)(?:-i|-f|--(?:extra-)?index-url|--find-links)(?:[ \t=]+|(?=\S))["']?([^\s"'#]{1,1000})/g;
const UNSAFE = /(?:^|\s)--trusted-host[ \t=]+["']?([^\s"'#]{1,200})/g;
/** A folder that is installed, with its setup.py. */
const EDITABLE = /^\s*(?:-e|--editable)[ \t=]*["']?((?:\/|~|\.\.|\\\\|[A-Za-z]:\\)[^\s"'#]{0,1000})/;
const MAX_FOUND = 20;

export interface InstallSource {
  readonly rule: typeof INSTALL_SOURCE;
  readonly message: string;
  readonly subject: string;
  readonly line: number;
}

/** Lines of a list of packages that install from an unusual place, or over a connection that anybody may change. */
export function installSources(text: string): InstallSource[] {
  const found = new Map<string, InstallSource>();
  for (const [index, whole] of text.split(/\r\n|[\r\n]/).entries()) {
    const line = whole.replace(/(?:^|\s)#.*$/, '').replace(/^\s*-[if](?=[a-z][a-z+]*:\/\/)/i, ' ');
    if (line.length > 10_000 || found.size >= MAX_FOUND) continue;
    const add = (what: string, subject: string) => {
      if (!found.has(subject))
        found.set(subject, { rule: INSTALL_SOURCE, message: `Line ${index + 1} ${what}.`, subject, line: index + 1 });
    };
    for (const [, host = ''] of line.matchAll(UNSAFE))
      add(`trusts ${host} without a check of its certificate`, `trusted-host ${host}`);
    for (const [, place = ''] of line.matchAll(INDEX)) {
      if (place.includes('://') || place.startsWith('-') || !/^(?:\/|~|\.\.|\\\\)/.test(place)) continue;
      add(`looks for packages in ${place.slice(0, 200)}, outside of this folder`, place.slice(0, 200));
    }
    const folder = EDITABLE.exec(whole)?.[1];
    if (folder !== undefined) add(`installs ${folder.slice(0, 200)}, outside of this folder`, folder.slice(0, 200));
    for (const [, scheme = '', rest = ''] of line.matchAll(ADDRESS)) {
      const address = `${scheme}://${rest}`.slice(0, 200);
      const host = rest.replace(/^[^/@]*@/, '');
      if (/^(?:http|ftp|git)$/i.test(scheme) && !/^(?:localhost|127\.0\.0\.1)\b/.test(host))
        add(`installs from ${address}, over a connection that is not encrypted`, address);
      else if (/^(?:https|ssh)$/i.test(scheme) && !REGISTRIES.test(host))
        add(`installs from ${address}, which is none of the usual registries`, address);
    }
  }
  return [...found.values()];
}
