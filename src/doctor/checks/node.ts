import { type Finding, note, ok, problem, warning } from './finding.ts';

const CHECK = 'node';
/** Phones send 50 packets/s: after this time one must have come. */
const SILENT_AFTER_MS = 5000;

/** The running node, as the admin API tells of it. */
export type RunningNode = {
  readonly version: string;
  readonly asterisk: { readonly connected: boolean };
  readonly relay: { readonly connected: boolean };
  /** What it says of itself. */
  readonly problems: readonly { readonly about: string; readonly severity: string; readonly detail: string }[];
  readonly peers: readonly { readonly id: string; readonly state: 'self' | 'up' | 'silent' | 'gone' }[];
  /** The calls of this node. */
  readonly calls: readonly Call[];
};

export type Call = {
  /** Such as `member 7 of conference 3000`. */
  readonly name: string;
  readonly path: 'bridge' | 'relay' | null;
};

/** A call that was looked at alone. */
export type PhoneSample = {
  readonly name: string;
  readonly ageMs: number;
  /** Null where the call has no RTP in Asterisk. */
  readonly packetsReceived: number | null;
};

/** No controller answers. */
export function judgeAbsent(reason: string): Finding {
  return note(CHECK, `no controller is running: ${reason}`, 'run "rostrum start", then "rostrum doctor" once more');
}

/** @param version of this program */
export function judgeNode(node: RunningNode, version: string): Finding[] {
  return [
    judgeController(node, version),
    node.relay.connected
      ? ok(CHECK, 'the relay is connected to the controller')
      : problem(CHECK, 'the relay is not connected to the controller', 'run "rostrum start", or look at its log'),
    ...judgeProblems(node),
    ...judgePeers(node),
    ...judgeShare(node),
  ];
}

function judgeController({ asterisk, problems, version: running }: RunningNode, version: string): Finding {
  if (!asterisk.connected) {
    const reason = problems.find(({ about, severity }) => about === 'asterisk' && severity === 'failure')?.detail;
    const message = `the controller has lost Asterisk: ${reason ?? 'no reason is known'}`;
    return problem(CHECK, message, 'see the findings about Asterisk');
  }
  if (running !== version) {
    const message = `the controller that is running is version ${running}, and this command is version ${version}`;
    return warning(CHECK, message, 'restart Rostrum');
  }
  return ok(CHECK, 'the controller is running and connected to Asterisk');
}

/** What only the controller knows: the rest is examined by itself. */
const REMEDIES: Record<string, string> = {
  reports: 'correct reports.directory in rostrum.yaml or its rights, or make space there',
  prompts: 'correct speech.directory in rostrum.yaml or its rights, or make space there',
  disk: 'make space there',
  clock: 'restart the controller; calls go on',
};

function judgeProblems({ problems }: RunningNode): Finding[] {
  return problems.flatMap(({ about, detail }) => {
    const remedy = REMEDIES[about];
    return remedy === undefined ? [] : [warning(CHECK, `${about}: ${detail}`, remedy)];
  });
}

function judgePeers({ peers }: RunningNode): Finding[] {
  const others = peers.filter(({ state }) => state !== 'self');
  const away = others.filter(({ state }) => state !== 'up');
  if (others.length === 0) return [];
  if (away.length === 0) return [ok(CHECK, `other nodes of the cluster: ${others.length}, all up`)];
  return away.map(({ id, state }) =>
    warning(
      CHECK,
      `node ${id} is ${state}`,
      `start it, or look at the network and its log; if it does not come back: rostrum node flush ${id}`,
    ),
  );
}

function judgeShare({ calls }: RunningNode): Finding[] {
  const known = calls.filter(({ path }) => path !== null);
  if (known.length === 0) return [];
  const atRelay = known.filter(({ path }) => path === 'relay').length;
  const percent = Math.round((100 * atRelay) / known.length);
  return [ok(CHECK, `${atRelay} of ${known.length} calls (${percent} %) get their sound from the relay`)];
}

/**
 * Whether audio of phones arrives, at the relay or, for calls that it has nothing to do with, at Asterisk.
 */
export function judgePhones(samples: readonly PhoneSample[]): Finding[] {
  const old = samples.filter(({ ageMs, packetsReceived }) => ageMs >= SILENT_AFTER_MS && packetsReceived !== null);
  if (old.length === 0) return [];
  const silent = old.filter(({ packetsReceived }) => packetsReceived === 0);
  if (silent.length === 0) return [ok('phones', `audio arrives from all ${old.length} phones that were looked at`)];
  return [
    warning(
      'phones',
      `no audio has arrived from ${silent.length} of ${old.length} phones that were looked at, such as ${silent[0]?.name}`,
      'open the UDP ports of rtp.conf in the firewall; behind NAT, forward them and set external_media_address',
    ),
  ];
}
