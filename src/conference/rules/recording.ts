import { isoTime } from '../../base/iso-time.ts';
import type { ExternalCommand } from '../model/commands.ts';
import type { Recording } from '../model/conference.ts';
import { forward } from './cluster-out.ts';
import type { Transition } from './transition.ts';

/** A recording that ends by itself sooner than this cannot be made: no space, or no right to write. */
export const TOO_SOON_MS = 2000;
/** So often it is started again whatever happens. On a full disk, it ends when Asterisk's buffer of 32 KB is full. */
const FREE_RESTARTS = 3;
/** Then, what was started again must have lasted so long: as long as that buffer does for the smallest format. */
const LASTING_MS = 30_000;
/** So many files of one name are looked for. */
const MOST_NUMBERS = 100;

/** @param name the file's name without format; null for the one of the profile */
export function record(transition: Transition, name: string | null): void {
  const { conference, nowMs } = transition;
  if (conference.recording || conference.remote?.recording) {
    return transition.refuseAsImpossible(`${conference.name} is being recorded already`);
  }
  const settings = transition.profile.recording;
  const recording: Recording = {
    name: name ?? fileName(settings.name, conference.name, nowMs),
    number: 1,
    chosen: name !== null,
    format: settings.format,
    startedAtMs: nowMs,
    paused: false,
    restarts: 0,
  };
  begin(transition, recording, 'started');
  if (settings.announce) transition.announce(['recording-started']);
}

/** Starts the recording of a profile that asks for it. */
export function recordAutomatically(transition: Transition): void {
  const { recorded, remote } = transition.conference;
  if (transition.profile.recording.automatic && !recorded && !remote?.recording) record(transition, null);
}

export function stopRecording(transition: Transition): void {
  const recording = recordingFor(transition, { type: 'stop-recording' });
  if (!recording) return;
  endRecording(transition, recording);
  if (transition.profile.recording.announce) transition.announce(['recording-stopped']);
}

/** Stops a recording of this node without a word to the members. */
export function endRecording(transition: Transition, { name }: Recording): void {
  transition.change({ recording: null, stoppedRecording: name });
  transition.do({ type: 'stop-recording', name });
  transition.publish({ type: 'recording', state: 'stopped', name });
}

export function pauseRecording(transition: Transition, paused: boolean): void {
  const recording = recordingFor(transition, { type: 'pause-recording', paused });
  if (!recording || recording.paused === paused) return;
  transition.change({ recording: { ...recording, paused } });
  transition.do({ type: 'pause-recording', name: recording.name, paused });
  transition.publish({ type: 'recording', state: paused ? 'paused' : 'resumed', name: recording.name });
}

/** The recording that a command is about. Without one here, the command goes to the node that records, or is refused. */
function recordingFor(transition: Transition, command: ExternalCommand): Recording | null {
  const { name, recording, remote } = transition.conference;
  if (recording) return recording;
  if (remote?.recording) forward(transition, remote.recording, command);
  else transition.refuseAsImpossible(`${name} is not being recorded`);
  return null;
}

/** Asterisk records still what was stopped: it has not heard of that. */
export function stopAgain(transition: Transition, recordings: readonly string[]): void {
  const { stoppedRecording: name } = transition.conference;
  if (name === null) return;
  transition.change({ stoppedRecording: null });
  if (recordings.includes(name)) transition.do({ type: 'stop-recording', name });
}

/**
 * A recording that stops although nobody asked for it is started again, in another file.
 * @param end `isTaken`: there is a file of its name already
 */
export function recordingEnded(transition: Transition, end: { name: string; failed: boolean; isTaken?: true }): void {
  const { recording, status } = transition.conference;
  const { name, failed, isTaken } = end;
  if (recording?.name !== name) return;
  const { number, restarts } = recording;
  const base = number === 1 ? name : name.slice(0, -`-${number}`.length);
  const next = { ...recording, name: `${base}-${number + 1}`, number: number + 1, startedAtMs: transition.nowMs };
  if (isTaken && !isOnlyName(recording) && status === 'running') return begin(transition, next, 'restarted');
  const leastMs = restarts < FREE_RESTARTS ? TOO_SOON_MS : LASTING_MS;
  const hopeless = failed || transition.nowMs - recording.startedAtMs < leastMs;
  if (hopeless || status !== 'running') {
    transition.change({ recording: null });
    transition.publish({ type: 'recording', state: hopeless ? 'failed' : 'stopped', name });
    return;
  }
  begin(transition, { ...next, restarts: restarts + 1 }, 'restarted');
}

/** Whether it cannot be recorded under another name. */
export function isOnlyName({ chosen, number }: Recording): boolean {
  return (chosen && number === 1) || number >= MOST_NUMBERS;
}

function begin(transition: Transition, recording: Recording, state: 'started' | 'restarted'): void {
  transition.change({ recording, recorded: true });
  transition.do({ type: 'record', recording });
  transition.publish({ type: 'recording', state, name: recording.name });
}

function fileName(template: string, conference: string, nowMs: number): string {
  const iso = isoTime(nowMs);
  return template
    .replaceAll('{conference}', conference)
    .replaceAll('{date}', iso.slice(0, 10))
    .replaceAll('{time}', iso.slice(11, 19).replaceAll(':', ''));
}
