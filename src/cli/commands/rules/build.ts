import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AssayError, parseBoundedJson, systemCode, version } from '../../../core/index.ts';
import { keySigner } from '../../../integrity/sign/index.ts';
import { readBounded } from '../../../pipeline/index.ts';
import { count, terminalText } from '../../../report/index.ts';
import {
  compareVersions,
  MAX_RULES_BYTES,
  parseRuleBundle,
  RULES_PAYLOAD,
  RULESET_VERSION,
} from '../../../scan/lists/index.ts';
import { checkBundle } from '../../../scan/rules/index.ts';
import { openKey } from '../../signing/index.ts';
import { openSink, type Shell } from '../../terminal/index.ts';
import type { RulesBuildFlags } from './request.ts';

/** The parts of a bundle that are not list, and what stands for them when their file is not there. */
const PARTS = { dangerous: { modules: {}, globals: {} }, severities: {}, advisories: [] } as const;

/** Makes a bundle of a folder of lists, and signs it. A bundle that an update would refuse is not signed. */
export async function runRulesBuild(flags: RulesBuildFlags, shell: Shell): Promise<void> {
  const now = new Date();
  const sink = await openSink(flags.output, shell);
  const { allowlists, parts } = await readFolder(flags.fromLists);
  const payload = Buffer.from(
    JSON.stringify({
      version: flags.rulesVersion,
      issued: `${now.toISOString().slice(0, 19)}Z`,
      ...(flags.expires === undefined ? {} : { expires: flags.expires }),
      minimumProgram: flags.minimumProgram ?? version(),
      allowlists,
      ...parts,
    }),
  );
  const bundle = parseRuleBundle(payload, flags.fromLists);
  checkBundle(bundle, flags.fromLists, { now, program: version() });
  if (compareVersions(bundle.version, RULESET_VERSION) <= 0) {
    throw new AssayError('usage', `is not newer than ${RULESET_VERSION}, the version built into this program`, {
      subject: `--rules-version ${flags.rulesVersion}`,
      hint: 'give a higher version',
    });
  }
  const { passphraseFile, privateKey } = flags;
  const place = { file: privateKey };
  const method = { kind: 'key', privateKey: place } as const;
  const key = await openKey(place, { method, ...(passphraseFile === undefined ? {} : { passphraseFile }) }, shell);
  try {
    sink.write(`${JSON.stringify(await keySigner(key, key.name).sign(RULES_PAYLOAD, payload))}\n`);
  } finally {
    key.close();
  }
  await sink.commit();
  if (flags.quiet) return;
  const advisories = count(bundle.advisories.length, 'advisory', 'advisories');
  const counts = `${count(Object.keys(bundle.allowlists).length, 'list')}, ${advisories}`;
  shell.stderr.write(`Signed: rules ${terminalText(bundle.version)}, ${counts}\n`);
}

async function readFolder(folder: string): Promise<{ allowlists: object; parts: object }> {
  const files = (await names(folder)).filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) {
    throw new AssayError('usage', 'contains no lists', {
      subject: folder,
      hint: 'assay rules build --help shows what lists are',
    });
  }
  const read = new Map<string, unknown>();
  for (const file of files) {
    const path = join(folder, file);
    read.set(file.slice(0, -'.json'.length), parseBoundedJson(await readBounded(path, MAX_RULES_BYTES), path));
  }
  const own = Object.keys(PARTS);
  return {
    allowlists: Object.fromEntries([...read].filter(([name]) => !own.includes(name))),
    parts: { ...PARTS, ...Object.fromEntries([...read].filter(([name]) => own.includes(name))) },
  };
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = systemCode(cause) ?? 'unknown';
    const missing = code === 'ENOENT';
    throw new AssayError(
      missing ? 'not-found' : 'unreadable',
      missing ? 'no such folder' : `cannot be read (${code})`,
      {
        subject: `--from-lists ${folder}`,
        hint: 'check the path',
        cause,
      },
    );
  }
}
