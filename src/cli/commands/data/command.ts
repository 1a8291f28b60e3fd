import { type Command, Option } from 'commander';
import { AssayError } from '../../../core/index.ts';
import { signingChoice } from '../../options/index.ts';
import type { Shell } from '../../terminal/index.ts';
import { addLineageOptions, LINEAGE_GUIDE, type LineageFlags, lineageOf } from './lineage/index.ts';
import { DATA_FORMATS, type DataRequest } from './request.ts';

interface DataFlags extends LineageFlags {
  readonly label?: string;
  readonly text?: string;
  readonly time?: string;
  readonly source?: string;
  readonly id?: string;
  readonly split?: string;
  readonly url?: string;
  readonly hash?: string;
  readonly downloadedHash?: string;
  readonly eventTime?: readonly string[];
  readonly snapshot?: string;
  readonly baseline?: string;
  readonly baselineAttestation?: string;
  readonly signedBaseline: boolean;
  readonly attestData?: string;
  readonly profileOut?: string;
  readonly rows?: string;
  readonly memoryMib: string;
  readonly minutes: string;
  readonly engine: 'duckdb' | 'spark';
  readonly sparkMaster?: string;
  readonly format: DataRequest['format'];
  readonly output?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

const GUIDE = `
Tables are .parquet, .arrow, .feather, .csv, .tsv, .jsonl or .json (the last four also .gz). Each file is a split, named after it (train-00000-of-00002.parquet is of
train), or as you write it: train=a.csv. A folder holds such files, or texts, or images; then a label is the name of a folder. They are read in a
child process with bounds on memory, time and disk, which reads no other file and has no network.
--engine spark runs the same statements on your Spark, which must see the files at the same paths: spark-sql of SPARK_HOME or PATH, with its
settings. --memory-mib is then the heap of its driver, and --minutes bounds each statement; what its workers use, your cluster bounds.

What is asked (which columns it needs), and what it is for:
  decides   a failure fails the data
    data.schema                  the columns are those of --baseline
    data.label-drift             labels are as frequent as there (--label)
    data.feature-drift           other columns are distributed as there
    data.split-leakage           rows of one split are not in another (two splits)
    data.trigger-tokens          no word decides the label (--text, --label)
    data.image-patches           no patch decides the label of an image (images)
    data.invisible-text          no characters that nobody sees (--text)
    data.mixed-script            no words of letters that look alike (--text)
    data.split-view              downloads are what the list names (--hash, --downloaded-hash)
    data.future-values           nothing in a row happened after its time (--time, --event-time)
  excess    it fails when there are more than in --baseline, and is not assessed without one
    data.conflicting-duplicates  the same content with several labels (--label)
    data.near-duplicates         nearly the same text with several labels (--text, --label)
    data.near-split-leakage      nearly the same text in several splits (--text, two splits)
    data.label-confident, data.label-neighbours, data.image-neighbours
                                 labels that a model, or the nearest rows or images, contradict (--label)
  review    rows for a person to look at; it never fails
    data.source-labels           a source that gives a label more often than others (--source, --label)
    data.bursts                  many rows of a source within an hour (--source, --time)
    data.new-contributors        sources that are new (--source, and --baseline or --time)
    data.hosts                   hosts that are new, or give much (--url)
    data.image-spectrum, data.image-clusters
                                 images that are unlike others of their label
    data.front-running           many rows right before the snapshot (--time)

A baseline is a profile of data that you approved: counts of labels and values, names of sources and hosts, and how much each check flagged. It
holds no row, but the most frequent values of columns. --attest-data signs what the checks said, and the digest of the profile; whoever compares with the
profile gives that attestation with it, and data.baseline fails when no signer of --trust (may: [data]) attests exactly this profile.
${LINEAGE_GUIDE}
Examples:
  assay data train.parquet test.parquet --label label --text text --profile-out approved.json
  assay data train.parquet test.parquet --label label --text text --baseline approved.json --rows rows.csv
  assay data train.parquet --label label --profile-out approved.json --attest-data approved.intoto.json --private-key ci.key
  assay data train.parquet --label label --baseline approved.json --baseline-attestation approved.intoto.json --trust trust.yaml
  assay data edits.jsonl --label spam --text body --source user --time at --snapshot 2026-03-01
  assay data laion=list.parquet --url url --hash sha256 --downloaded-hash seen_sha256
  assay data mails.csv --label label --text text --format html -o data.html      with plots
  assay data train.parquet --label label --engine spark --spark-master yarn
  assay data ./images                              a folder of images, a folder a label

Exit codes: 0 no check fails the data; 1 a check fails it; 2 could not complete.
`;

export function registerData(program: Command, shell: Shell): void {
  const command = program
    .command('data')
    .summary('check training data: poisoning, leakage, drift')
    .description('Checks training data for poisoning, leakage and drift, and shows the rows to look at.')
    .argument(
      '<dataset...>',
      'tables, or folders of tables, texts or images, on this machine; split=path names a split',
    )
    .option('--label <column>', 'the label of a row')
    .option('--text <column>', 'the text of a row')
    .option('--time <column>', 'when a row was made: a time, or seconds or milliseconds since 1970')
    .option('--source <column>', 'who gave a row')
    .option('--id <column>', 'what names a row in reports')
    .option('--split <column>', 'the split of a row; else the file that it is in')
    .option('--url <column>', 'where the content of a row is')
    .option('--hash <column>', 'the hash of that content, as the list gives it')
    .option('--downloaded-hash <column>', 'the hash of what was downloaded')
    .option('--event-time <column...>', 'when something that a row tells happened')
    .option('--snapshot <time>', 'when the data was taken from its sources (default: the last --time)')
    .option('--baseline <file>', 'the profile of approved data, which the data is compared with')
    .option('--profile-out <file>', 'write a profile of this data')
    .option(
      '--baseline-attestation <file>',
      'the signed attestation of that profile; its signer must be in the trust file',
    )
    .option('--signed-baseline', 'refuse a baseline that is not signed', false)
    .option('--attest-data <file>', 'write a signed attestation of the checks and of the profile')
    .option('--rows <file>', 'write all rows to look at (.csv or .parquet)')
    .option('--memory-mib <number>', 'the most memory of the engine', '2048')
    .option('--minutes <number>', 'the most time of one step', '30')
    .addOption(
      new Option('--engine <name>', 'what runs the statements; spark is your own spark-sql 4, for Parquet')
        .choices(['duckdb', 'spark'])
        .default('duckdb'),
    )
    .option('--spark-master <url>', 'for --engine spark: local[4], yarn, spark://host:7077 (default: its settings)')
    .addOption(new Option('--format <format>', 'of the report').choices(DATA_FORMATS).default('text'))
    .option('-o, --output <file>', 'write the report to a file')
    .option('-q, --quiet', 'no progress', false)
    .option('-v, --verbose', 'show every measure, and more rows', false);
  addLineageOptions(command)
    .addHelpText('after', GUIDE)
    .action(async (datasets: readonly string[], flags: DataFlags) => {
      const request = requestOf(datasets, flags, shell.env);
      const { runData } = await import('./run.ts');
      await runData(request, shell);
    });
}

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** @throws AssayError `usage` */
function requestOf(datasets: readonly string[], flags: DataFlags, env: NodeJS.ProcessEnv): DataRequest {
  const { label, text, time, source, id, split, url, hash, downloadedHash, eventTime, baseline, snapshot } = flags;
  const named = { label, text, time, source, id, split, url, hash, 'downloaded-hash': downloadedHash };
  const columns = {
    ...Object.fromEntries(Object.entries(named).filter(([, name]) => name !== undefined)),
    ...(eventTime === undefined ? {} : { eventTimes: eventTime }),
  };
  const memoryBytes = wholeOf(flags.memoryMib, '--memory-mib', 256, 1_048_576) * MiB;
  const statementSeconds = wholeOf(flags.minutes, '--minutes', 1, 10_080) * 60;
  const { profileOut, format, output, quiet, verbose, engine, sparkMaster } = flags;
  if (engine === 'duckdb' && sparkMaster !== undefined)
    throw new AssayError('usage', 'needs --engine spark', { subject: '--spark-master', hint: 'add it' });
  return {
    datasets,
    lineage: lineageOf(flags),
    columns,
    baseline,
    signedBaseline: signedBaselineOf(flags, env),
    snapshot,
    limits: { memoryBytes, statementSeconds, spillBytes: 64 * GiB, cpuSeconds: 20 * statementSeconds },
    spark: engine === 'spark' ? { master: sparkMaster } : undefined,
    profileOut,
    attestData: attestDataOf(flags),
    rows: flags.rows === undefined ? undefined : { file: flags.rows, format: rowsFormat(flags.rows) },
    format,
    output,
    quiet,
    verbose,
  };
}

function signedBaselineOf(
  { baseline, baselineAttestation: attestation, signedBaseline, trust }: DataFlags,
  env: NodeJS.ProcessEnv,
): DataRequest['signedBaseline'] {
  if (attestation === undefined && !signedBaseline) return undefined;
  if (baseline === undefined)
    throw new AssayError('usage', 'needs a baseline', {
      subject: attestation === undefined ? '--signed-baseline' : '--baseline-attestation',
      hint: 'give --baseline',
    });
  return { attestation, trust: trust ?? (env.ASSAY_TRUST || undefined) };
}

function attestDataOf(flags: DataFlags): DataRequest['attestData'] {
  const { attestData: file, provenance } = flags;
  if (file === undefined) return undefined;
  if (provenance)
    throw new AssayError('usage', 'attests checks, and --provenance makes none', {
      subject: '--attest-data',
      hint: 'leave out one of them; --attest signs the training run',
    });
  return { file, signing: signingChoice(flags, 'assay data --attest-data') };
}

function wholeOf(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new AssayError('usage', `is not a whole number from ${min} to ${max}: ${JSON.stringify(text)}`, {
    subject: option,
    hint: 'correct it, or leave it out',
  });
}

function rowsFormat(path: string): 'csv' | 'parquet' {
  if (/\.csv$/i.test(path)) return 'csv';
  if (/\.parquet$/i.test(path)) return 'parquet';
  throw new AssayError('usage', 'ends in neither .csv nor .parquet', {
    subject: `--rows ${path}`,
    hint: 'name it after the format that you want',
  });
}
