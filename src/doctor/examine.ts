import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AriHttp } from '../ari/http.ts';
import { FILES_PER_CALL } from '../base/open-files.ts';
import { firstAddress } from '../config/relay-config.ts';
import { readFileLimits } from '../process/open-files.ts';
import { VERSION } from '../process/version.ts';
import { boundAddressOf, judgeAnchoring } from './checks/anchoring.ts';
import { judgeApplication, judgeAri } from './checks/asterisk.ts';
import { judgeFile, judgeMistakes, judgeRecordings, judgeSecret } from './checks/configuration.ts';
import { judgeAriConf, judgeFileRights } from './checks/file-rights.ts';
import { type Finding, note, ok } from './checks/finding.ts';
import {
  judgeClock,
  judgeDescriptors,
  judgeFfi,
  judgeHostName,
  judgeIoUring,
  judgeNodeJs,
  judgeSocketBuffer,
} from './checks/host.ts';
import { judgeModules } from './checks/modules.ts';
import { judgeAbsent, judgeNode, judgePhones } from './checks/node.ts';
import { judgePorts, type PortRange } from './checks/ports.ts';
import { readEndpoints, readRegistered, readRunningModules, readTransports, readVersion } from './facts/asterisk.ts';
import {
  askConsole,
  configurationDirectoryIn,
  consoleSocketOf,
  rtpSettingsIn,
  transportNamesIn,
} from './facts/asterisk-console.ts';
import { type Configuration, readConfiguration } from './facts/configuration.ts';
import { readNeededFiles, readProcessUser, readRights } from './facts/file-rights.ts';
import {
  nameResolves,
  readClockSynchronised,
  readFfiFailure,
  readLocalPorts,
  readSendsTogether,
  readSysctl,
} from './facts/host.ts';
import { type NodeFacts, readNode } from './facts/node.ts';
import { type HostSockets, listenerAt, type Process, readSockets, serverOf } from './facts/processes.ts';

const BUFFERS = ['net.core.rmem_max', 'net.core.wmem_max'];

type Readable = Extract<Configuration, { ok: true }>;
/** The processes of the node; null where one does not run, or may not be seen. */
type Processes = { asterisk: Process | null; relay: Process | null; controller: Process | null };

/**
 * Looks at this host and at the node on it, whether it runs or not, and changes nothing.
 * @param named see `readConfig`
 * @returns what was found, in the order in which an operator should see to it
 */
export async function examine(named: string | undefined, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const configuration = await readConfiguration(named, env);
  const isInCluster = configuration.ok && configuration.node.cluster.secretFile !== undefined;
  return [
    judgeNodeJs(process.version),
    judgeFfi(await readFfiFailure()),
    ...judgeIoUring(await readSendsTogether()),
    judgeHostName(hostname(), await nameResolves()),
    judgeClock(await readClockSynchronised(), isInCluster),
    ...(await Promise.all(BUFFERS.map(examineBuffer))),
    ...(configuration.ok ? await examineNode(configuration) : judgeUnreadable(configuration.mistakes)),
  ];
}

function judgeUnreadable(mistakes: readonly string[]): Finding[] {
  return [
    ...judgeMistakes('rostrum.yaml', mistakes),
    note('rostrum.yaml', 'without it, Asterisk and the running node cannot be looked at'),
  ];
}

async function examineBuffer(key: string): Promise<Finding> {
  const text = await readSysctl(key);
  return judgeSocketBuffer(key, text === null ? null : Number(text));
}

async function examineNode(configuration: Readable): Promise<Finding[]> {
  const { socketPath, relaySocketPath } = configuration;
  const { url } = configuration.node.asterisk;
  const sockets = await readSockets();
  const processes = {
    asterisk: serverOf(sockets, url),
    relay: listenerAt(sockets, relaySocketPath),
    controller: listenerAt(sockets, socketPath),
  };
  const node = await readNode(socketPath, Date.now());
  return [
    ...(await examineConfiguration(configuration, processes)),
    ...(await examineAsterisk(configuration, { sockets, processes, node })),
    ...(await examineLimits(configuration, processes)),
    ...(node.running ? [...judgeNode(node.node, VERSION), ...judgePhones(node.samples)] : [judgeAbsent(node.reason)]),
  ];
}

async function examineConfiguration(
  configuration: Readable,
  { asterisk, relay, controller }: Processes,
): Promise<Finding[]> {
  const { path, node, profiles, recordings, secrets, whole } = configuration;
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  // Root may examine a node that is another user's.
  const running = controller ?? relay;
  const uid = running?.uid ?? (process.getuid?.() || null);
  const user = uid === null ? null : { uid };
  const judged = secrets.map((secret) => judgeSecret(secret, user));
  const areSecretsGood = judged.every(({ state }) => state === 'ok');
  return [
    judgeFile(path, exists),
    // A bad secret would be told of twice.
    ...(areSecretsGood && !whole.ok ? judgeMistakes('rostrum.yaml', whole.mistakes) : []),
    ...judged,
    ...judgeFileRights(await readNeededFiles(path, node), running && (await readProcessUser(running.pid))),
    ...(profiles.ok ? [ok('profiles', profiles.summary)] : judgeMistakes('profiles', profiles.mistakes)),
    judgeRecordings(recordings.path, recordings.found, asterisk),
  ];
}

async function examineAsterisk(
  configuration: Readable,
  { sockets, processes, node }: { sockets: HostSockets; processes: Processes; node: NodeFacts },
): Promise<Finding[]> {
  const { ariPassword } = configuration;
  const { url, username, application } = configuration.node.asterisk;
  if (ariPassword === null) {
    // Why there is none is told of with the secrets.
    return [note('Asterisk', 'not looked at, because the ARI password is not known')];
  }
  const http = new AriHttp({ url, username, password: ariPassword });
  try {
    const answer = await readVersion(http);
    if (answer.state !== 'answers') return [judgeAri(url, username, answer)];
    const controllerConnected = node.running && node.node.asterisk.connected;
    const registered = await readRegistered(http, application);
    const console = consoleSocketOf(sockets, processes.asterisk);
    const ask = async (command: string) => (console === null ? null : askConsole(console, command));
    const rtp = rtpSettingsIn((await ask('rtp show settings')) ?? '');
    const list = await ask('pjsip list transports');
    const directory = configurationDirectoryIn((await ask('core show settings')) ?? '');
    const endpoints = await readEndpoints(http);
    const transports = await readTransports(http, list === null ? null : transportNamesIn(list), endpoints);
    const relayAddress = boundAddressOf(transports, firstAddress());
    return [
      judgeAri(url, username, answer),
      ...judgeAriConf(directory === null ? [] : await readRights([join(directory, 'ari.conf')])),
      judgeApplication(application, { registered, controllerConnected }),
      ...judgeModules(await readRunningModules(http)),
      ...judgeAnchoring({ endpoints, transports, rtp, relayAddress }),
      ...(await examinePorts(rtp?.ports ?? null, relayAddress, sockets, processes)),
    ];
  } finally {
    await http.close();
  }
}

async function examinePorts(
  rtp: PortRange | null,
  address: string,
  { udp, owners }: HostSockets,
  processes: Processes,
): Promise<Finding[]> {
  const ours = new Set(Object.values(processes).flatMap((process) => process?.pid ?? []));
  return judgePorts({ rtp, address, ...(await readLocalPorts()), udp, owners, ours });
}

async function examineLimits({ node }: Readable, { asterisk, relay }: Processes): Promise<Finding[]> {
  const capacity = node.cluster.capacity ?? null;
  const examineProcess = async (name: string, perCall: number, process: Process | null) =>
    judgeDescriptors({ name, perCall, limit: process && (await readFileLimits(process.pid)), capacity });
  return [
    await examineProcess('Asterisk', FILES_PER_CALL.asterisk, asterisk),
    await examineProcess('relay', FILES_PER_CALL.relay, relay),
  ];
}
