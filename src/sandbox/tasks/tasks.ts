import { AssayError } from '../../core/index.ts';
import type { TaskIo } from './task-io.ts';

/** What a file in `tasks/` exports. Errors with content codes reach the caller as they are. */
export interface Task {
  run(args: unknown, io: TaskIo): Promise<void> | void;
}

interface TaskEntry {
  /** Packages that the child may read. */
  readonly packages: readonly string[];
  /** It loads native modules of these packages. */
  readonly addons?: boolean;
  load(): Promise<Task>;
}

/** Everything a child can be asked to do. Adding a task is a file in `tasks/` and a line here. */
export const TASKS = {
  images: { packages: ['@jsquash/jpeg', 'pngjs'], load: () => import('./images/index.ts') },
  'onnx-session': {
    packages: ['onnxruntime-node', 'onnxruntime-common'],
    addons: true,
    load: () => import('./onnx-session/index.ts'),
  },
  parquet: {
    packages: ['hyparquet', 'hyparquet-compressors', 'hysnappy', 'fzstd'],
    load: () => import('./parquet.ts'),
  },
  'pickle-preview': { packages: ['pickleparser'], load: () => import('./pickle-preview.ts') },
  'seven-zip': { packages: ['7z-wasm'], load: () => import('./seven-zip.ts') },
  sql: {
    packages: [
      '@duckdb/node-api',
      '@duckdb/node-bindings',
      ...[
        'linux-x64',
        'linux-arm64',
        'linux-x64-musl',
        'linux-arm64-musl',
        'darwin-x64',
        'darwin-arm64',
        'win32-x64',
        'win32-arm64',
      ].map((platform) => `@duckdb/node-bindings-${platform}`),
      'detect-libc',
    ],
    addons: true,
    load: () => import('./sql/index.ts'),
  },
  tokenizer: { packages: ['@huggingface/tokenizers'], load: () => import('./tokenizer/index.ts') },
} satisfies Readonly<Record<string, TaskEntry>>;

export type TaskName = keyof typeof TASKS;

export function isTaskName(name: string): name is TaskName {
  return Object.hasOwn(TASKS, name);
}

/** @throws AssayError `internal` for a name that is not in the table. */
export function taskNamed(name: string): TaskEntry {
  if (!isTaskName(name)) throw new AssayError('internal', `the sandbox has no task "${name}"`);
  return TASKS[name];
}
