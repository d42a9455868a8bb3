import type { Logger } from 'winston';
import type { AriPort } from '../../ari/port.ts';
import type { Published } from '../../attendance/journal.ts';
import type { Conference } from '../../conference/model/conference.ts';
import { type Recording, type RecordingFormat, splitFile } from '../../recordings/recording.ts';
import { listRecordings, type MadeFile, viewOf } from './list-recordings.ts';
import { noSuchRecording, type RecordingContent, type RecordingFile, type RecordingFiles } from './recording-files.ts';
import { RECORDING_HOOKS, type RecordingHooks } from './recording-hooks.ts';
import { fileOf, type RecordingNote, type RecordingNotes } from './recording-notes.ts';
import { RecordingTeller } from './recording-teller.ts';
import { removeFile } from './remove-file.ts';

const DAY_MS = 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
const LOOK_EVERY_MS = 1000;
/** A file that is not found for so long is gone. An empty directory may be one whose disk is not mounted. */
const GONE_AFTER_MS = DAY_MS;
/** Disks and clocks are not exact. */
const SLACK_MS = 2000;

/** A recording that Asterisk is making, or has made since the last look. */
type Open = {
  readonly conference: string;
  readonly format: RecordingFormat;
  readonly startedAtMs: number;
  /** Asterisk has begun it: the file is ours. Until then, there may be another one of that name. */
  isOurs: boolean;
};

export type RecordingKeeperOptions = {
  /** Recordings are removed so many days after their end; null keeps them. */
  readonly days: number | null;
  readonly lookEveryMs?: number;
  /** As of `listRecordings`. */
  readonly mostFiles?: number;
};

export type RecordingKeeperDeps = {
  readonly ari: Pick<AriPort, 'isRecording' | 'storedRecordingFormat' | 'deleteStoredRecording'>;
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
  /** When files of notes were not found for the first time, by name. Bounded by the notes. */
  readonly #missingSinceMs = new Map<string, number>();
  readonly #teller: RecordingTeller;
  #timers: NodeJS.Timeout[] = [];
  /** The look that is under way. */
  #looking: Promise<void> | null = null;
  #isStopped = false;
  #lastWarning = '';

  constructor(options: RecordingKeeperOptions, deps: RecordingKeeperDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#wallNow = deps.wallNow ?? Date.now;
    const [keep, warn] = [(note: RecordingNote) => this.#keep(note), (text: string) => this.#warn(text)];
    this.#teller = new RecordingTeller({ ...deps, keep, warn });
  }

  /** Reads what earlier controllers have noted. Rejects never. */
  async start(): Promise<void> {
    const { notes } = this.#deps;
    await notes.load().catch((error: Error) => this.#warn(`the notes about them are not read: ${error.message}`));
    if (this.#isStopped) return;
    for (const { name, conference, format, startedAt, endedAt } of notes.all.values()) {
      if (endedAt !== null) continue;
      this.#open.set(name, { conference, format, startedAtMs: Date.parse(startedAt), isOurs: true });
    }
    const every = (ms: number, run: () => void) => this.#timers.push(setInterval(run, ms).unref());
    every(this.#options.lookEveryMs ?? LOOK_EVERY_MS, () => void this.look());
    every(PRUNE_EVERY_MS, () => void this.prune());
    await this.prune();
  }

  /** Ends what is under way: the next controller tells of recordings that the hooks have not heard of. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#teller.stop();
    await this.#looking;
  }

  /** An event of a conference: a recording that begins is looked after until it has ended. */
  watch({ conference, event }: Pick<Published, 'conference' | 'event'>): void {
    if (event.type !== 'recording' || !(event.state === 'started' || event.state === 'restarted')) return;
    const recording = this.#deps.conferences().get(conference)?.recording;
    if (recording?.name === event.name) this.#notice(conference, { ...recording, startedAtMs: this.#wallNow() });
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

  /** As `listRecordings`. */
  list(wanted: { search: string; limit: number }): Promise<Recording[]> {
    const { mostFiles } = this.#options;
    const warn = (text: string) => this.#warn(text);
    return listRecordings(wanted, { files: this.#deps.files, madeAs: (file) => this.#madeAs(file), mostFiles, warn });
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
    const { notes, logger } = this.#deps;
    const found = await this.#find(text);
    const view = viewOf(found, this.#madeAs(found.file));
    await removeFile(found, this.#deps);
    if (notes.all.get(found.name)?.format === found.format) await this.#forget(found.name);
    logger.info(`recording ${view.file} of conference ${view.conference ?? 'unknown'} is removed: ${why}`);
    return view;
  }

  /** Removes recordings that are older than they may be, and forgets those whose files are gone. Rejects never. */
  async prune(): Promise<void> {
    const { files, notes } = this.#deps;
    const isThere = await files.ensureThere().then(
      () => true,
      (error: Error) => this.#warn(`old ones are not looked for: ${error.message}`),
    );
    if (!isThere) return;
    for (const note of [...notes.all.values()]) {
      if (this.#isStopped) return;
      await this.#pruneOne(note).catch((error: Error) =>
        this.#warn(`${fileOf(note)} is not removed, and will be tried again: ${error.message}`),
      );
    }
  }

  async #pruneOne(note: RecordingNote): Promise<void> {
    const { name, endedAt, told } = note;
    const { days } = this.#options;
    if (endedAt === null) return;
    const nowMs = this.#wallNow();
    if (await this.#deps.files.look(fileOf(note))) {
      this.#missingSinceMs.delete(name);
      const isOld = days !== null && nowMs - Date.parse(endedAt) > days * DAY_MS;
      if (isOld && told.length === RECORDING_HOOKS.length)
        await this.remove(fileOf(note), `it is older than ${days} days`);
      return;
    }
    const sinceMs = this.#missingSinceMs.get(name) ?? nowMs;
    this.#missingSinceMs.set(name, sinceMs);
    if (nowMs - sinceMs >= GONE_AFTER_MS) await this.#forget(name);
  }

  async #look(): Promise<void> {
    const underWay = new Set<string>();
    for (const { name: conference, recording } of this.#deps.conferences().values()) {
      if (!recording) continue;
      underWay.add(recording.name);
      // A controller that has been restarted does not hear that it begins.
      this.#notice(conference, recording);
    }
    for (const [name, open] of [...this.#open]) {
      if (open.isOurs && underWay.has(name)) continue;
      // If Asterisk does not answer, it is asked again.
      const isRecording = await this.#deps.ari.isRecording(name).catch(() => null);
      if (isRecording === true && !open.isOurs) await this.#begun(name, open);
      else if (isRecording === false && !underWay.has(name)) await this.#ended(name, open);
    }
    this.#teller.tellAll();
  }

  #notice(conference: string, { name, format, startedAtMs }: NonNullable<Conference['recording']>): void {
    const parts = splitFile(`${name}.${format}`);
    // Asterisk refuses another one of that name, whose end is not that of the first.
    if (!parts || this.#open.has(name)) return;
    this.#open.set(name, { conference, format: parts.format, startedAtMs, isOurs: false });
  }

  async #begun(name: string, open: Open): Promise<void> {
    open.isOurs = true;
    await this.#keep({ ...noteOf(name, open), endedAt: null, bytes: 0 });
  }

  async #ended(name: string, open: Open): Promise<void> {
    const { files, logger } = this.#deps;
    const note = noteOf(name, open);
    const file = await files.look(fileOf(note));
    this.#open.delete(name);
    const sinceMs = open.isOurs ? open.startedAtMs - SLACK_MS : open.startedAtMs;
    if (file && file.writtenAtMs >= sinceMs) {
      const { bytes, writtenAtMs } = file;
      return this.#keep({ ...note, endedAt: new Date(writtenAtMs).toISOString(), bytes });
    }
    // Asterisk has not begun it. There may be an earlier one of that name, whose note stays.
    if (!open.isOurs) return;
    logger.warn(`recording ${name} of conference ${open.conference} has left no file: see to ${files.directory}`);
    await this.#forget(name);
  }

  async #forget(name: string): Promise<void> {
    this.#missingSinceMs.delete(name);
    await this.#deps.notes.forget(name);
  }

  async #keep(note: RecordingNote): Promise<void> {
    await this.#deps.notes
      .keep(note)
      .catch((error: Error) =>
        this.#warn(`a restart forgets ${note.name}: ${error.message}; correct reports.directory`),
      );
  }

  async #find(text: string): Promise<RecordingFile> {
    const { files, notes } = this.#deps;
    const note = notes.all.get(text);
    const found = (note && (await files.look(fileOf(note)))) ?? (await files.find(text));
    if (!found) throw noSuchRecording(text);
    return found;
  }

  /** How this node has made a file. @returns null for a file of another program, even beside a recording of that name */
  #madeAs(file: string): MadeFile | null {
    const parts = splitFile(file);
    const open = parts && this.#open.get(parts.name);
    if (open?.format === parts?.format && open) return { ...open, isOpen: true };
    const note = parts && this.#deps.notes.all.get(parts.name);
    if (note?.format !== parts?.format || !note) return null;
    return { conference: note.conference, startedAtMs: Date.parse(note.startedAt), isOpen: false };
  }

  /** A failure of each second is told once. */
  #warn(text: string): void {
    if (text === this.#lastWarning) return;
    this.#lastWarning = text;
    this.#deps.logger.warn(`recordings: ${text}`);
  }
}

/** Of a recording of which no hook has heard. */
function noteOf(name: string, { conference, format, startedAtMs }: Open): Omit<RecordingNote, 'endedAt' | 'bytes'> {
  return { name, format, conference, startedAt: new Date(startedAtMs).toISOString(), told: [] };
}
