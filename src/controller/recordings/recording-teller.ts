import { join } from 'node:path';
import { secondsOf } from '../../recordings/recording.ts';
import type { RecordingFiles } from './recording-files.ts';
import { type FinishedRecording, RECORDING_HOOKS, type RecordingHook, type RecordingHooks } from './recording-hooks.ts';
import { fileOf, type RecordingNote, type RecordingNotes } from './recording-notes.ts';

export type RecordingTellerDeps = {
  readonly files: Pick<RecordingFiles, 'directory' | 'ensureThere'>;
  readonly notes: Pick<RecordingNotes, 'all'>;
  readonly hooks: Pick<RecordingHooks, 'tell' | 'stop'>;
  /** Keeps a note. Rejects never. */
  readonly keep: (note: RecordingNote) => Promise<void>;
  readonly warn: (text: string) => void;
};

/** Tells the hooks of recordings that have ended: each hook of one after the other, and none waits for another hook. */
export class RecordingTeller {
  readonly #deps: RecordingTellerDeps;
  readonly #telling = new Map<RecordingHook, Promise<void>>();
  #isStopped = false;

  constructor(deps: RecordingTellerDeps) {
    this.#deps = deps;
  }

  /** Begins to tell of all recordings of which a hook has not heard. */
  tellAll(): void {
    for (const hook of RECORDING_HOOKS) {
      if (this.#isStopped || this.#telling.has(hook) || !this.#next(hook)) continue;
      const telling = this.#tellEach(hook)
        .catch((error: Error) => this.#deps.warn(`recordings.${hook} waits: ${error.message}`))
        .finally(() => this.#telling.delete(hook));
      this.#telling.set(hook, telling);
    }
  }

  /** Gives up what is under way: the next controller tells of it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#deps.hooks.stop();
    await Promise.all(this.#telling.values());
  }

  async #tellEach(hook: RecordingHook): Promise<void> {
    const { files, notes, hooks, keep } = this.#deps;
    for (let next = this.#next(hook); next && !this.#isStopped; next = this.#next(hook)) {
      await files.ensureThere();
      if (!(await hooks.tell(hook, this.#finished(next)))) return;
      // Meanwhile the other hook may have heard of it, or the recording may have been removed.
      const note = notes.all.get(next.name);
      if (note?.startedAt === next.startedAt) await keep({ ...note, told: [...note.told, hook] });
    }
  }

  #next(hook: RecordingHook): Ended | undefined {
    return [...this.#deps.notes.all.values()].filter(hasEnded).find(({ told }) => !told.includes(hook));
  }

  #finished(note: Ended): FinishedRecording {
    const { name, format, conference, startedAt, endedAt, bytes } = note;
    const path = join(this.#deps.files.directory, fileOf(note));
    return { name, conference, path, startedAt, endedAt, seconds: secondsOf(format, bytes), bytes };
  }
}

type Ended = RecordingNote & { readonly endedAt: string };

function hasEnded(note: RecordingNote): note is Ended {
  return note.endedAt !== null;
}
