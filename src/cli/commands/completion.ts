import type { Command } from 'commander';
import { ApiClient } from '../../api/client.ts';
import type { HeldListView, RecordingListView } from '../../api/record-schemas.ts';
import type { ConferenceSummary, ConferenceView, NodeView } from '../../api/schemas.ts';
import { didYouMeanOneOf } from '../../base/nearest.ts';
import { socketPathForCommands } from '../../config/socket-path.ts';
import { type CommandNode, candidates, formatCandidate, type Known } from '../completion/complete.ts';
import { COMPLETION_SCRIPTS } from '../completion/scripts.ts';
import { UsageError } from '../options/errors.ts';
import { counted } from '../text/list-text.ts';

/** A person who presses the tab key does not wait for longer. */
const TIMEOUT_MS = 1500;
/** Reports and recordings: the newest. */
const MOST_COMPLETED = 100;

/** `rostrum completion bash|zsh|fish` */
export function completion(shell: string): void {
  const script = Object.hasOwn(COMPLETION_SCRIPTS, shell) ? COMPLETION_SCRIPTS[shell] : undefined;
  if (!script)
    throw new UsageError(`no script for "${shell}"${didYouMeanOneOf(shell, Object.keys(COMPLETION_SCRIPTS))}`);
  process.stdout.write(script);
}

/** Prints what the last of the words may become. Never fails: the prompt is no place for errors. */
export async function complete(program: Command, words: readonly string[]): Promise<void> {
  const found = await candidates(words, nodeOf(program), knownAt(socketIn(words)));
  process.stdout.write(found.map(formatCandidate).join(''));
}

function nodeOf(command: Command): CommandNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    args: command.registeredArguments.map((argument) => argument.name()),
    options: help.visibleOptions(command).map(({ long, short, required, optional, argChoices, description }) => ({
      names: [long, short].filter((name) => typeof name === 'string'),
      takesValue: required || optional,
      choices: argChoices,
      description,
    })),
    commands: help.visibleCommands(command).map(nodeOf),
  };
}

function socketIn(words: readonly string[]): string {
  const at = words.lastIndexOf('--socket');
  return (at >= 0 && at < words.length - 2 && words[at + 1]) || socketPathForCommands(process.env);
}

function knownAt(socketPath: string): Known {
  const client = new ApiClient({ socketPath, timeoutMs: TIMEOUT_MS });
  return {
    conferences: async () => {
      const conferences = await client.get<ConferenceSummary[]>('/conferences').catch(() => []);
      return conferences.map(({ name, members }) => ({ word: name, description: counted(members, 'member') }));
    },
    held: async () => {
      const view = await client.get<HeldListView>(`/reports?limit=${MOST_COMPLETED}`).catch(() => null);
      return [...new Set(view?.conferences.map(({ conference }) => conference))].map((word) => ({
        word,
        description: '',
      }));
    },
    recordings: async () => {
      const list = client.get<RecordingListView>(`/recordings?limit=${MOST_COMPLETED}`).catch(() => null);
      const nodes = client.get<NodeView[]>('/nodes').catch(() => []);
      const [view, others] = [await list, (await nodes).filter(({ state }) => state !== 'self').map(({ id }) => id)];
      // Those of other nodes cannot be copied or removed here.
      const here = (view?.recordings ?? []).filter(({ node }) => node === null || !others.includes(node));
      return here.map(({ file, conference }) => ({ word: file, description: conference ?? '' }));
    },
    listed: async () => {
      const { listedNumbers } = await import('./conference-file.ts');
      const numbers = await listedNumbers(process.env).catch(() => []);
      return numbers.map((word) => ({ word, description: '' }));
    },
    settings: async () => {
      const { settingsOfOne } = await import('../../conference-table/table-schema.ts');
      return settingsOfOne().map(({ key, description }) => ({ word: key, description }));
    },
    members: async (name) => {
      const conference = await client.get<ConferenceView>(`/conferences/${encodeURIComponent(name)}`).catch(() => null);
      return (conference?.members ?? []).map(({ address, caller, role }) => ({
        word: address,
        description: [caller.name, caller.number, role].filter((text) => text !== '').join(', '),
      }));
    },
  };
}
