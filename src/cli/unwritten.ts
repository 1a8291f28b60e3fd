/** Ends the program when stdout cannot be written: a report that did not get out whole is neither "allowed" nor "denied". */
export function endWhenUnwritten(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const closed = error.code === 'EPIPE';
    const why = closed ? 'its reader closed it' : (error.code ?? error.message);
    const hint = closed ? 'read it to its end' : 'check the space left, or name a file with --output';
    process.stderr.write(`assay: the output could not be written whole (${why}); ${hint}\n`);
    process.exit(2);
  });
  // Messages that nobody reads stop nothing.
  process.stderr.on('error', () => {});
}
