import { Command, InvalidArgumentError, Option } from 'commander';
import { table } from '../../src/cli/text/table.ts';
import { core } from './core.ts';
import { type FaultsParams, faults, textOf } from './faults/faults.ts';
import { join } from './join.ts';
import { latency } from './latency.ts';
import { type ListenersParams, listeners } from './listeners.ts';
import { listenersLimit } from './listeners-limit.ts';
import { nodes } from './nodes.ts';
import { relay } from './relay.ts';
import type { Params, Result } from './result.ts';
import { storm } from './storm.ts';
import { trunk } from './trunk.ts';
import { trunkCodec } from './trunk-codec.ts';
import { trunkHostile } from './trunk-hostile.ts';
import { trunkNodes } from './trunk-nodes.ts';

/** `npm run bench -- <name>`: measures Rostrum against ConfBridge on the same Asterisk, or against itself, in the same run. */

const number = (flags: string, description: string, standard: number) =>
  new Option(flags, description).default(standard).argParser((text) => {
    const value = Number(text);
    if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('a number above 0 is expected');
    return value;
  });

const atLeastZero = (flags: string, description: string, standard: number) =>
  new Option(flags, description).default(standard).argParser((text) => {
    const value = Number(text);
    if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('a number is expected, 0 or above');
    return value;
  });

const packetMs = () =>
  new Option('--packet-ms <ms>', 'audio in each packet, both ways: 20, 40 or 60').default(20).argParser((text) => {
    if (!['20', '40', '60'].includes(text)) throw new InvalidArgumentError('20, 40 or 60 is expected');
    return Number(text);
  });

const program = new Command('bench').description('measure Rostrum against ConfBridge on the same Asterisk');

function bench<Asked extends Params>(
  name: string,
  description: string,
  options: readonly Option[],
  rounds: number,
  run: (params: Asked) => Promise<Result>,
  peerName = 'ConfBridge',
): void {
  const command = program.command(name).description(description).option('--json', 'print one JSON object');
  for (const option of options) command.addOption(option);
  command
    .addOption(number('--rounds <n>', 'times that each of the two is measured', rounds))
    .action(async ({ json, ...params }: { json?: true } & Asked) => {
      const measured = await run(params as unknown as Asked);
      process.stdout.write(`${json ? JSON.stringify(measured) : forPeople(measured, peerName)}\n`);
    });
}

function forPeople({ bench, params, ours, peer, ratio }: Result, peerName: string): string {
  const rows = Object.keys(ours).map((figure) => [figure, ours[figure] ?? '', peer[figure] ?? '']);
  const asked = Object.entries(params).map(([name, value]) => `${name} ${value}`);
  return `${bench}: ${asked.join(', ')}\n${table(['FIGURE', 'ROSTRUM', peerName.toUpperCase()], rows)}\nratio ${ratio}`;
}

bench(
  'listeners',
  'CPU per 100 listeners, and memory',
  [
    number('--count <n>', 'listeners; with --find-limit how many to begin with', 300),
    packetMs(),
    number('--seconds <n>', 'duration of each measurement', 10),
    new Option('--find-limit', 'find out how many listeners get their packets').default(false),
    number('--most <n>', 'with --find-limit: more are not tried', 4000),
  ],
  2,
  ({ findLimit, most, ...params }: ListenersParams & { findLimit: boolean; most: number }) =>
    findLimit ? listenersLimit({ ...params, most }) : listeners(params),
);
bench(
  'storm',
  'a crowd that calls at once, and those who are in already; ConfBridge gets as many phones as it carries, in proportion',
  [
    number('--already <n>', 'listeners who are in before', 300),
    number('--count <n>', 'callers who come', 1500),
    number('--rate <n>', 'calls per second', 50),
    packetMs(),
    number('--seconds <n>', 'how long all stay behind the last one', 20),
    atLeastZero('--peer-count <n>', 'callers who come to ConfBridge; 0 for as many as it carries', 0),
    new Option('--keys', 'listeners press keys meanwhile, and are given a voice').default(false),
  ],
  1,
  storm,
);
bench(
  'latency',
  'mouth to ear',
  [
    number('--listeners <n>', 'listeners', 5),
    number('--speakers <n>', 'speakers, who take turns', 10),
    number('--bursts <n>', 'sounds that each makes', 2),
  ],
  4,
  latency,
);
bench(
  'join',
  'time from INVITE to first audio in a join storm',
  [number('--count <n>', 'callers', 300), number('--rate <n>', 'calls per second', 50)],
  2,
  join,
);
bench(
  'relay',
  'CPU of the relay alone per 100 listeners, against a plain loop over as many UDP sockets',
  [
    number('--count <n>', 'listeners', 1000),
    number('--threads <n>', 'threads of the relay that have listeners', 1),
    number('--seconds <n>', 'duration of each measurement', 10),
  ],
  2,
  relay,
  'plain loop',
);

bench(
  'trunk',
  'mouth to ear from one node to another, next to both on one node',
  [
    number('--listeners <n>', 'listeners', 3),
    number('--speakers <n>', 'speakers, who take turns', 10),
    number('--bursts <n>', 'sounds that each makes', 2),
  ],
  2,
  trunk,
  'one node',
);
bench(
  'trunk-nodes',
  'CPU of a relay for each other node that speaks, with many nodes next to few',
  [
    number('--nodes <n>', 'other nodes, all of which speak', 32),
    number('--few <n>', 'the same, of the few', 4),
    number('--seconds <n>', 'duration of each measurement', 10),
  ],
  2,
  trunkNodes,
  'few nodes',
);

bench(
  'trunk-hostile',
  'CPU of a relay for each packet of its trunk that it refuses, next to one that it takes',
  [number('--count <n>', 'packets of each kind', 100_000), number('--rate <n>', 'packets per second', 20_000)],
  1,
  trunkHostile,
  'valid',
);

bench(
  'core',
  'CPU of a controller for each input, next to a conference with half as many members',
  [number('--members <n>', 'members of the conference', 10_000)],
  1,
  core,
  'half',
);

bench(
  'nodes',
  'what a cluster of many nodes costs the controller of one, next to a cluster of half as many',
  [number('--nodes <n>', 'nodes', 100), number('--members <n>', 'members of each', 1000)],
  1,
  nodes,
  'half',
);

program
  .command('trunk-codec')
  .description('trunk packets per second on one core; compared with nothing')
  .action(async () => {
    const figures = await trunkCodec();
    const rows = figures.map(({ packet, encoded, decoded, replayed, forged }) => [
      packet,
      encoded,
      decoded,
      replayed,
      forged,
    ]);
    process.stdout.write(`${table(['PACKET', 'ENCODED', 'DECODED', 'REPLAYED', 'FORGED'], rows)}\n`);
  });

program
  .command('faults')
  .description('what callers and operators notice when a process of a node is killed, stopped or short of something')
  .option('--process <name>', 'controller, relay, asterisk, nats or supervisor alone')
  .option('--fault <name>', 'one fault alone, such as "kill -9" or "no disk"')
  .action(async (params: FaultsParams) => {
    for await (const row of faults(params)) process.stdout.write(`${textOf(row)}\n`);
  });

await program.parseAsync();
