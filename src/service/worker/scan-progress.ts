import type { OnEvent } from '../../core/index.ts';
import type { JobProgress } from '../../registry/index.ts';

/** What a test or a check of data says of itself; UTF-16 units. */
const MAX_DOING = 200;

/** Adds up the events of a scan, or of a step of another job, and reports the sum from time to time. */
export function progressOf(
  tell: (progress: JobProgress) => void,
  everyMs: number,
  step?: JobProgress['step'],
): OnEvent {
  const now = { filesDone: 0, files: 0, bytesDone: 0, bytes: 0 };
  let doing: string | undefined;
  const sizes = new Map<string, { readonly size: number; done: number }>();
  let told = performance.now();
  return (event) => {
    switch (event.kind) {
      case 'artifact':
        // A conversion scans several artifacts, one after the other.
        Object.assign(now, { filesDone: 0, files: event.files, bytesDone: 0, bytes: event.bytes });
        sizes.clear();
        break;
      case 'file-start':
        sizes.set(event.path, { size: event.size, done: 0 });
        break;
      case 'bytes': {
        const file = sizes.get(event.path);
        if (file === undefined) {
          // What is written has no beginning of its own.
          if (step === 'convert') now.bytesDone = Math.min(now.bytes, now.bytesDone + event.bytes);
          break;
        }
        const more = Math.min(event.bytes, file.size - file.done);
        file.done += more;
        now.bytesDone += more;
        break;
      }
      case 'file-end': {
        const file = sizes.get(event.path);
        sizes.delete(event.path);
        now.filesDone = Math.min(now.files, now.filesDone + 1);
        now.bytesDone += file === undefined ? 0 : file.size - file.done;
        break;
      }
      case 'note':
        if (step === undefined) return;
        if (step === 'test' || step === 'data') doing = event.message.slice(0, MAX_DOING);
        break;
    }
    if (performance.now() - told < everyMs) return;
    told = performance.now();
    tell({ ...now, ...(step === undefined ? {} : { step }), ...(doing === undefined ? {} : { doing }) });
  };
}
