import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { decodeCapture } from '../test/kit/hostile/capture.ts';
import { HostileError } from '../test/kit/hostile/errors.ts';
import {
  HOSTILE_KINDS,
  type HostileKind,
  type HostileSource,
  hostileSource,
  learn,
} from '../test/kit/hostile/hostile-packets.ts';
import { type HostileReport, sendHostile } from '../test/kit/hostile/hostile-sender.ts';
import { type Endpoint, parseLoopbackEndpoint } from '../test/kit/loopback.ts';
import { boundSocket, closeSocket } from '../test/kit/sip/udp.ts';

/** `./scripts/hostile`: sends hostile packets to a UDP port of this machine. */

type Options = {
  count: number;
  rate: number;
  seed: number;
  sockets: number;
  kinds: HostileKind[];
  capture?: string;
  listen?: Endpoint;
  json?: true;
};

const MAX_SOCKETS = 1000;
/** How long `--listen` waits for the first packet. */
const FIRST_PACKET_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 10;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

function endpoint(text: string): Endpoint {
  const parsed = parseLoopbackEndpoint(text);
  if (parsed === null) throw new InvalidArgumentError('It must be <address>:<port> of 127.0.0.0/8, and nothing else.');
  return parsed;
}

function kindsOf(text: string): HostileKind[] {
  return text.split(',').map((name) => {
    const kind = HOSTILE_KINDS.find((one) => one === name);
    if (kind === undefined) throw new InvalidArgumentError(`The kinds are ${HOSTILE_KINDS.join(', ')}.`);
    return kind;
  });
}

const program = new Command('./scripts/hostile')
  .description('send hostile packets to a UDP port of this machine')
  .argument('<target>', 'address of 127.0.0.0/8 and port, such as 127.0.0.1:5004', endpoint)
  .addOption(
    new Option('--count <n>', 'number of packets')
      .default(1_000_000)
      .argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  )
  .addOption(
    new Option('--rate <n>', 'packets a second; 0 is as fast as possible')
      .default(0)
      .argParser(wholeNumber(0, 10_000_000)),
  )
  .addOption(
    new Option('--seed <n>', 'seed of the sequence; the same seed makes the same packets')
      .default(1)
      .argParser(wholeNumber(0, 2 ** 32 - 1)),
  )
  .addOption(
    new Option('--sockets <n>', 'number of sockets to send from').default(8).argParser(wholeNumber(1, MAX_SOCKETS)),
  )
  .addOption(
    new Option('--kinds <names>', 'only these kinds, with commas between them')
      .default([...HOSTILE_KINDS], HOSTILE_KINDS.join(','))
      .argParser(kindsOf),
  )
  .option(
    '--capture <file>',
    'file with valid packets to spoil: datagrams, each after its length in 16 bits, big-endian',
  )
  .option('--listen <address:port>', 'receive valid packets to spoil at this address', endpoint)
  .option('--json', 'print one JSON object')
  .action(attack);

async function attack(target: Endpoint, options: Options): Promise<void> {
  const { seed, kinds, capture, listen, count, rate, sockets } = options;
  const valid = capture === undefined ? [] : decodeCapture(await readFile(capture));
  const source = hostileSource({ seed, kinds, valid });
  const learning = listen === undefined ? null : await learnFrom(listen, source);
  try {
    const sendOptions = { target, count, packetsPerSecond: rate, sockets };
    const report = await sendHostile(source, sendOptions, interrupted.signal);
    process.stdout.write(options.json ? `${JSON.stringify({ seed, ...report })}\n` : forPeople(report));
    if (report.sent < count) process.exitCode = 1;
  } finally {
    if (learning !== null) await closeSocket(learning);
  }
}

/** Goes on learning until the socket is closed; returns after the first packet. */
async function learnFrom({ address, port }: Endpoint, source: HostileSource): Promise<Socket> {
  const socket = createSocket('udp4');
  await boundSocket(socket, { address, port });
  const before = source.learned;
  socket.on('message', (bytes) => learn(source, bytes));
  const deadlineMs = performance.now() + FIRST_PACKET_TIMEOUT_MS;
  while (source.learned === before && !interrupted.signal.aborted) {
    if (performance.now() > deadlineMs) {
      await closeSocket(socket);
      throw new HostileError({ code: 'nothing-captured', waitedMs: FIRST_PACKET_TIMEOUT_MS });
    }
    await sleep(LOOK_EVERY_MS);
  }
  return socket;
}

function forPeople(report: HostileReport): string {
  const { sent, sendErrors, seconds, packetsPerSecond, droppedByKernel } = report;
  const kinds = Object.entries(report.byKind).filter(([, packets]) => packets > 0);
  const unread =
    droppedByKernel === null
      ? 'nothing seems to listen there'
      : `${droppedByKernel} of them dropped by the kernel, as the target did not read fast enough`;
  return [
    ...kinds.map(([kind, packets]) => `${kind.padEnd(17)} ${packets}`),
    `sent ${sent} packets in ${seconds.toFixed(1)} s, ${Math.round(packetsPerSecond)} a second`,
    unread,
    ...(sendErrors > 0 ? [`${sendErrors} could not be sent`] : []),
    '',
  ].join('\n');
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`hostile: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
