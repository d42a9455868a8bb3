import { join } from 'node:path';
import type { Logger } from 'winston';
import type { AriError } from '../../ari/errors.ts';
import type { AriPort } from '../../ari/port.ts';
import type { Published } from '../../attendance/journal.ts';
import type { Conference } from '../../conference/model/conference.ts';
import type { Recording } from '../../recordings/recording.ts';
import { ControllerError } from '../errors/controller-error.ts';
import { noSuchRecording, type RecordingContent, type RecordingFile, type RecordingFiles } from './recording-files.ts';
import type { RecordingHooks } from './recording-hooks.ts';
import type { RecordingNote, RecordingNotes } from './recording-notes.ts';

const DAY_MS = 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
const LOOK_EVERY_MS = 1000;
/** Disks and clocks are not exact. */
const SLACK_MS = 2000;

/** A recording that Asterisk is making, or has made since the last look. */
type Open = {
  readonly conference: string;
  readonly startedAtMs: number;
  /** Asterisk has begun it: the file is ours. Until then, there may be another one of that name. */
  isOurs: boolean;
};

export type RecordingKeeperOptions = {
  /** Recordings are removed so many days after their end; null keeps them. */
  readonly days: number | null;
  readonly lookEveryMs?: number;
};

export type RecordingKeeperDeps = {
  readonly ari: Pick<AriPort, 'isRecording' | 'deleteStoredRecording'>;
  readonly conferences: () => ReadonlyMap<string, Pick<Conference, 'name' | 'recording'>>;
  readonly files: RecordingFiles;
  readonly notes: RecordingNotes;
  readonly hooks: Pick<RecordingHooks, 'tell' | 'stop'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly wallNow?: () => number;
};

/** Keeps the recordings of this node: notices which are finished, tells of them, and removes the old ones. */
export class RecordingKeeper {
  readonly #options: RecordingKeeperOptions;
  readonly #deps: RecordingKeeperDeps;
  readonly #wallNow: () => number;
  /** By name. Bounded by the conferences. */
  readonly #open = new Map<string, Open>();
  #timers: NodeJS.Timeout[] = [];
  /** What is under way: one thing of each kind at a time. */
  #looking: Promise<void> | null = null;
  #telling: Promise<void> | null = null;
  #isStopped = false;
  #lastWarning = '';

  constructor(options: RecordingKeeperOptions, deps: RecordingKeeperDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#wallNow = deps.wallNow ?? Date.now;
  }

  /** Reads what earlier controllers have noted. Rejects never. */
  async start(): Promise<void> {
    const { notes } = this.#deps;
    await notes.load().catch((error: Error) => this.#warn(`what is known of them is not read: ${error.message}`));
    if (this.#isStopped) return;
    for (const { name, conference, startedAt, endedAt } of notes.all.values()) {
      if (endedAt === null) this.#open.set(name, { conference, startedAtMs: Date.parse(startedAt), isOurs: true });
    }
    const every = (ms: number, run: () => void) => this.#timers.push(setInterval(run, ms).unref());
    every(this.#options.lookEveryMs ?? LOOK_EVERY_MS, () => void this.look());
    every(PRUNE_EVERY_MS, () => void this.prune());
    await this.prune();
  }

  /** Ends what is under way: the next controller tells of recordings that the hooks have not heard of. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#deps.hooks.stop();
    for (const timer of this.#timers) clearInterval(timer);
    await this.#looking;
    await this.#telling;
  }

  /** An event of a conference: a recording that begins is looked after until it has ended. */
  watch({ conference, event }: Pick<Published, 'conference' | 'event'>): void {
    if (event.type !== 'recording' || !(event.state === 'started' || event.state === 'restarted')) return;
    this.#open.set(event.name, { conference, startedAtMs: this.#wallNow(), isOurs: false });
  }

  /** Looks which recordings have ended. Rejects never. */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: Error) => this.#warn(`not looked after: ${error.message}`))
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  /** What there is, the newest first. Rejects with a ControllerError `not-possible`. */
  async list({ search, limit }: { search: string; limit: number }): Promise<Recording[]> {
    const text = search.toLowerCase();
    const all = (await this.#deps.files.list()).map((file) => this.#viewOf(file));
    const isFound = ({ file, conference }: Recording) =>
      file.toLowerCase().includes(text) || conference?.toLowerCase().includes(text);
    return all.filter(isFound).slice(0, limit);
  }

  /** The content of a recording. @param text its file, or its name without format; rejects with a ControllerError */
  async open(text: string): Promise<RecordingContent> {
    return this.#deps.files.read(await this.#find(text));
  }

  /**
   * Removes a recording. Rejects with a ControllerError.
   * @param why who has ordered it, or another reason, for the log
   * @returns the recording as it was
   */
  async remove(text: string, why: string): Promise<Recording> {
    const { ari, notes, logger } = this.#deps;
    const found = await this.#find(text);
    if (await ari.isRecording(found.name).catch(refused))
      throw new ControllerError('not-possible', `recording ${found.file} is being made: stop it first`);
    const view = this.#viewOf(found);
    // The files are Asterisk's: this user may not write there.
    await ari.deleteStoredRecording(found.name).catch(refused);
    await notes.forget(found.name);
    logger.info(`recording ${view.file} of conference ${view.conference ?? 'unknown'} is removed: ${why}`);
    return view;
  }

  /** Removes recordings that are older than they may be, and forgets those whose files are gone. Rejects never. */
  async prune(): Promise<void> {
    const { notes, files } = this.#deps;
    const { days } = this.#options;
    for (const { name, endedAt, isTold } of [...notes.all.values()]) {
      if (endedAt === null || !isTold || this.#isStopped) continue;
      const isOld = days !== null && this.#wallNow() - Date.parse(endedAt) > days * DAY_MS;
      try {
        if ((await files.find(name)) === null) await notes.forget(name);
        else if (isOld) await this.remove(name, `it is older than ${days} days`);
      } catch (error) {
        this.#warn(`${name} is not removed, and will be tried again: ${(error as Error).message}`);
      }
    }
  }

  async #look(): Promise<void> {
    const underWay = new Set<string>();
    for (const { name: conference, recording } of this.#deps.conferences().values()) {
      if (!recording) continue;
      underWay.add(recording.name);
      // A controller that has been restarted does not hear that it begins.
      if (!this.#open.has(recording.name))
        this.#open.set(recording.name, { conference, startedAtMs: recording.startedAtMs, isOurs: false });
    }
    for (const [name, open] of [...this.#open]) {
      if (open.isOurs && underWay.has(name)) continue;
      // If Asterisk does not answer, it is asked again.
      const isRecording = await this.#deps.ari.isRecording(name).catch(() => null);
      if (isRecording === true && !open.isOurs) await this.#begun(name, open);
      else if (isRecording === false && !underWay.has(name)) await this.#ended(name, open);
    }
    if ([...this.#deps.notes.all.values()].some(isUntold)) this.#tellAll();
  }

  async #begun(name: string, open: Open): Promise<void> {
    open.isOurs = true;
    await this.#keep({ ...noteOf(name, open), endedAt: null, isTold: false });
  }

  async #ended(name: string, open: Open): Promise<void> {
    const file = await this.#deps.files.find(name);
    this.#open.delete(name);
    // There was a file of that name, or it could not be written.
    if (!file || file.writtenAtMs < open.startedAtMs - SLACK_MS) return void (await this.#deps.notes.forget(name));
    await this.#keep({ ...noteOf(name, open), endedAt: new Date(file.writtenAtMs).toISOString(), isTold: false });
  }

  /** One after the other, so that a crowd of conferences that end does not load the machine. */
  #tellAll(): void {
    this.#telling ??= (async () => {
      for (let next = this.#untold(); next && !this.#isStopped; next = this.#untold()) await this.#tell(next);
    })()
      .catch((error: Error) => this.#warn(`not told: ${error.message}`))
      .finally(() => {
        this.#telling = null;
      });
  }

  #untold(): RecordingNote | undefined {
    return [...this.#deps.notes.all.values()].find(isUntold);
  }

  async #tell(note: RecordingNote): Promise<void> {
    const { files, hooks } = this.#deps;
    const { name, conference, startedAt, endedAt } = note;
    const file = await files.find(name).catch(() => null);
    if (file && endedAt !== null) {
      const { seconds, bytes } = file;
      const path = join(files.directory, file.file);
      // Otherwise the next controller tells of it.
      if (!(await hooks.tell({ name, conference, path, startedAt, endedAt, seconds, bytes }))) return;
    }
    await this.#keep({ ...note, isTold: true });
  }

  async #keep(note: RecordingNote): Promise<void> {
    await this.#deps.notes
      .keep(note)
      .catch((error: Error) =>
        this.#warn(`a restart forgets ${note.name}: ${error.message}; correct reports.directory`),
      );
  }

  async #find(text: string): Promise<RecordingFile> {
    const found = await this.#deps.files.find(text);
    if (!found) throw noSuchRecording(text);
    return found;
  }

  #viewOf({ file, name, bytes, seconds, writtenAtMs }: RecordingFile): Recording {
    const open = this.#open.get(name);
    const conference = open?.conference ?? this.#deps.notes.all.get(name)?.conference ?? null;
    return { file, conference, endedAt: open ? null : new Date(writtenAtMs).toISOString(), seconds, bytes };
  }

  /** What fails each second is told once. */
  #warn(text: string): void {
    if (text === this.#lastWarning) return;
    this.#lastWarning = text;
    this.#deps.logger.warn(`recordings: ${text}`);
  }
}

function refused(cause: AriError): never {
  throw new ControllerError(cause.code === 'unreachable' ? 'asterisk-unreachable' : 'asterisk-refused', cause.message, {
    cause,
  });
}

function noteOf(
  name: string,
  { conference, startedAtMs }: Open,
): Pick<RecordingNote, 'name' | 'conference' | 'startedAt'> {
  return { name, conference, startedAt: new Date(startedAtMs).toISOString() };
}

function isUntold({ endedAt, isTold }: RecordingNote): boolean {
  return endedAt !== null && !isTold;
}
