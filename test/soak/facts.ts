import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaAddressOf } from '../../scripts/machine.ts';
import type { ConferenceView } from '../../src/api/schemas.ts';
import { parseInetSockets } from '../../src/base/proc-net.ts';
import { bridgesIn, relayCalls } from '../e2e/crowd-harness.ts';
import type { SoakLab } from './lab.ts';

/** A channel of Asterisk. */
export type Channel = { readonly name: string; readonly id: string; readonly callerNumber: string };

/** What there is at one time, each as that part sees it which has it. */
export type Facts = {
  readonly conferences: readonly ConferenceView[];
  readonly channels: readonly Channel[];
  /** Ids of bridges, with how many channels are in them. */
  readonly bridges: ReadonlyMap<string, number>;
  /** Names of Asterisk's global variables that are Rostrum's. */
  readonly globals: readonly string[];
  readonly relayCalls: number;
  /** UDP ports bound where phones call, and where Asterisk has its RTP. */
  readonly phonePorts: number;
  readonly asteriskPorts: number;
  /** Files of the node, below its directory, but for those that grow by design. */
  readonly files: readonly string[];
};

/** Files of which there are more the longer a node runs: attendance, recordings, spoken prompts. */
const GROWING = /^(reports|speech|asterisk\/spool\/recording)\//;

export async function factsOf(lab: SoakLab): Promise<Facts> {
  const { asterisk, directory, server } = lab.node;
  const [conferences, channels, bridges, globals, calls, sockets, files] = await Promise.all([
    lab.views(),
    asterisk.cli('core show channels concise'),
    asterisk.cli('bridge show all'),
    asterisk.cli('dialplan show globals'),
    relayCalls(lab.node),
    readFile('/proc/net/udp', 'utf8').then(parseInetSockets),
    filesIn(directory),
  ]);
  const portsAt = (host: string) =>
    sockets.filter(({ address, port }) => address === host && port !== server.port).length;
  return {
    conferences,
    channels: channels.split('\n').flatMap(channelIn),
    bridges: bridgesIn(bridges),
    globals: globals.split('\n').flatMap((line) => /^\s*(ROSTRUM_[^=]*)=/.exec(line)?.[1] ?? []),
    relayCalls: calls,
    phonePorts: portsAt(server.host),
    asteriskPorts: portsAt(mediaAddressOf(server.host)),
    files,
  };
}

function channelIn(line: string): Channel[] {
  const fields = line.split('!');
  const [name = '', , , , , , , callerNumber = ''] = fields;
  return fields.length < 10 ? [] : [{ name, id: fields.at(-1) ?? '', callerNumber }];
}

async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => !GROWING.test(path))
    .sort();
}
