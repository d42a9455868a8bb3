import { isoTime } from '../base/iso-time.ts';
import type { OtherNode } from '../cluster/membership.ts';
import type { SessionStatus } from './asterisk/asterisk-session.ts';

/** The parts of a node that may have a problem. */
export const PROBLEM_SUBJECTS = [
  'asterisk',
  'relay',
  'cluster',
  'rostrum.yaml',
  'settings',
  'reports',
  'recordings',
  'prompts',
  'disk',
  'clock',
] as const;

/**
 * `failure`: no new call works at this node, so that starting it again costs nothing. `warning`: calls work, and somebody
 * has to see to something; starting the node again would interrupt its calls and correct nothing.
 */
export const SEVERITIES = ['failure', 'warning'] as const;

/** Something about the running node that is not as it should be. */
export type NodeProblem = {
  readonly about: (typeof PROBLEM_SUBJECTS)[number];
  readonly severity: (typeof SEVERITIES)[number];
  /** What it is and what to do about it; mistakes in files have a line each. */
  readonly detail: string;
};

/** What the parts of a controller know of problems; null means that there is none. */
export type HealthFacts = {
  readonly asterisk: SessionStatus;
  /** Calls for which Asterisk has files left; null if that is not known. */
  readonly room: number | null;
  readonly isRelayConnected: boolean;
  /** What keeps the event channel from other nodes. */
  readonly channel: readonly string[];
  /** The other nodes that are not up. */
  readonly away: readonly Pick<OtherNode, 'id' | 'state' | 'sinceMs'>[];
  readonly configuration: string | null;
  /** Mistakes in profiles or in the table of conferences. */
  readonly settings: string | null;
  readonly reports: string | null;
  /** Why what follows a finished recording fails each time. */
  readonly recordings: string | null;
  readonly directories: readonly NodeProblem[];
  /** The wall clock less the clock that deadlines are kept by. */
  readonly clockAheadMs: number;
};

/** More than reading two clocks one after the other can make. */
const CLOCK_SET_MS = 2000;

/** Everything that is wrong with a node, failures first. */
export function problemsOf(facts: HealthFacts): NodeProblem[] {
  return [...failuresOf(facts), ...warningsOf(facts)];
}

function failuresOf({ asterisk, isRelayConnected }: HealthFacts): NodeProblem[] {
  const failure = (about: NodeProblem['about'], detail: string): NodeProblem => ({
    about,
    severity: 'failure',
    detail,
  });
  return [
    ...(asterisk.connected ? [] : [failure('asterisk', `not connected: ${asterisk.reason}`)]),
    ...(isRelayConnected ? [] : [failure('relay', 'not connected: run "rostrum start", or look at its log')]),
  ];
}

function warningsOf(facts: HealthFacts): NodeProblem[] {
  const { room, channel, away, configuration, settings, reports, recordings, directories, clockAheadMs } = facts;
  const seconds = Math.abs(Math.round(clockAheadMs / 1000));
  const direction = clockAheadMs > 0 ? 'forward' : 'back';
  return [
    ...(room === 0 ? [warning('asterisk', `${NO_ROOM}: raise LimitNOFILE in its unit`)] : []),
    ...channel.map((detail) => warning('cluster', detail)),
    ...away.map((node) => warning('cluster', awayText(node))),
    ...(configuration === null ? [] : [warning('rostrum.yaml', configuration)]),
    ...(settings === null
      ? []
      : [warning('settings', `the former content counts until this is corrected:\n${settings}`)]),
    ...(reports === null ? [] : [warning('reports', reportsText(reports))]),
    ...(recordings === null ? [] : [warning('recordings', recordings)]),
    ...directories,
    ...(Math.abs(clockAheadMs) < CLOCK_SET_MS
      ? []
      : [warning('clock', `was set ${direction} by ${seconds} s; times go on by the old clock until a restart`)]),
  ];
}

const NO_ROOM = 'too few open files are left for another call, so new calls go to other nodes or are refused';

function reportsText(reports: string): string {
  return `attendance cannot be written: ${reports}; correct reports.directory or its rights, or make space there`;
}

function awayText({ id, state, sinceMs }: HealthFacts['away'][number]): string {
  const remedy = 'start it, or look at the network and its log';
  const since = `node ${id} is ${state} since ${isoTime(sinceMs)}`;
  return `${since}: ${remedy}; if it does not come back: rostrum node flush ${id}`;
}

/** Calls work all the same. */
export function warning(about: NodeProblem['about'], detail: string): NodeProblem {
  return { about, severity: 'warning', detail };
}
