import { step } from '../own.ts';
import { recognise } from '../programs.ts';
import type { ShellWord } from '../variables.ts';
import { type ContainerCommand, readCommand } from './command.ts';
import { HINTS } from './hints.ts';
import type { ReadOfImage } from './image.ts';
import type { ProblemKind } from './result.ts';
import { GRAMMARS, LOADS_BY_API } from './table/index.ts';

/** What runs: the command, or the image's own program with the arguments (Kubernetes API, Container.command). */
export function commandOf(
  command: readonly ShellWord[],
  args: readonly ShellWord[],
  image: ReadOfImage,
  where: string,
): ContainerCommand {
  if (command.length > 0) return readCommand([...command, ...args], where);
  const unknown = (kind: ProblemKind, why: string, hint: string, at = where): ContainerCommand => ({
    kind: 'unknown',
    problem: { kind, where: at, why, hint },
  });
  const published = GRAMMARS.find(({ repositories }) => repositories.includes(image.repository));
  const servers = [...recognise(image.text, recorded(image))];
  const api = servers.find(({ id }) => Object.hasOwn(LOADS_BY_API, id));
  if (api !== undefined) return unknown('told', `runs a server of models: ${LOADS_BY_API[api.id]}`, HINTS.api);
  const facts = image.approval?.facts;
  if (facts !== undefined) {
    const said = args.map(({ text }) => text);
    const asRecorded = said.length === 0 || JSON.stringify(said) === JSON.stringify(facts.cmd);
    const own = [...facts.entrypoint, ...(said.length === 0 ? facts.cmd : [])].map((text) => ({ text, where }));
    const read = readCommand([...own, ...args], where);
    // The approval of the image is about what it does by itself; of a server of models, the tables say what that is.
    if (read.kind === 'server' || !asRecorded) return read;
  } else if (published !== undefined) {
    // The words of its publisher's images; older ones are given the verb, newer ones have it.
    const verb = published.words === 'first' && args[0]?.text === 'serve' ? 1 : 0;
    return { kind: 'server', grammar: published, words: args.slice(verb) };
  } else if (args.length > 0) {
    const why = 'gives arguments to the program of its image, which is not recorded';
    return unknown('program', why, HINTS.arguments, step(where, 'args'));
  }
  const [server] = servers;
  if (server === undefined) return { kind: 'nothing' };
  return unknown('program', `runs ${server.title}, and is told no model: its default is unknown`, HINTS.silent);
}

/** The words that an image was recorded to start with. */
export function recorded({ approval }: ReadOfImage): readonly ShellWord[] {
  const facts = approval?.facts;
  return facts === undefined ? [] : [...facts.entrypoint, ...facts.cmd].map((text) => ({ text, where: '' }));
}
