import { type ChildProcess, spawn } from 'node:child_process';
import { SpeechError } from './errors.ts';

export type EngineRequest = {
  /** The words that run espeak-ng. */
  readonly command: readonly string[];
  /** The voice for `-v`. The caller has checked that it is no option and no path. */
  readonly voice: string;
  readonly rateWpm: number;
  readonly text: string;
  readonly timeoutMs: number;
};

/** About twelve minutes at 22050 Hz. */
const MAX_SOUND_BYTES = 32 * 1024 * 1024;
const MAX_COMPLAINT_CHARACTERS = 500;
/** The exit statuses of `env`, shells and the dynamic loader when there is no such program, or none that runs. */
const NOT_RUNNABLE = [126, 127];

/**
 * Runs espeak-ng once.
 * @returns a WAV file
 * @throws SpeechError `no-speech-engine` or `speech-failed`
 */
export function runEngine({ command, voice, rateWpm, text, timeoutMs }: EngineRequest): Promise<Buffer> {
  const [program, ...words] = command;
  if (!program) return Promise.reject(new SpeechError('no-speech-engine', 'no speech engine is configured'));
  return new Promise((resolve, reject) => {
    // The text goes over stdin: it cannot be an option there, and neither the list of processes nor a shell sees it.
    // -b 1 means UTF-8. -z means no pause at the end.
    const options = ['-v', voice, '-s', String(rateWpm), '-b', '1', '-z', '--stdin', '--stdout'];
    // The streams are missing if this process has too many open files.
    const child: ChildProcess = spawn(program, [...words, ...options], { stdio: 'pipe' });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let complaint = '';

    const end = (settle: () => void) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      // A child process of the engine may still hold the pipes.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      settle();
    };
    const fail = (message: string) => end(() => reject(new SpeechError('speech-failed', message)));
    const timer = setTimeout(() => fail(`the speech engine took longer than ${timeoutMs} ms`), timeoutMs);

    child.on('error', (cause: NodeJS.ErrnoException) => {
      const isMissing = cause.code === 'ENOENT' || cause.code === 'EACCES';
      const code = isMissing ? 'no-speech-engine' : 'speech-failed';
      end(() => reject(new SpeechError(code, `the speech engine ${program} cannot be run (${cause.code})`, { cause })));
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MAX_SOUND_BYTES) fail(`the speech engine made more than ${MAX_SOUND_BYTES} bytes of sound`);
    });
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      complaint = (complaint + part).slice(0, MAX_COMPLAINT_CHARACTERS);
    });
    // An engine that ends without reading gives the reason by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(text);
    child.on('close', (code, signal) => {
      if (code === 0) return end(() => resolve(Buffer.concat(chunks)));
      const message = `the speech engine ${program} ended with ${signal ?? code}: ${complaint.trim() || 'no message'}`;
      const isMissing = code !== null && NOT_RUNNABLE.includes(code);
      end(() => reject(new SpeechError(isMissing ? 'no-speech-engine' : 'speech-failed', message)));
    });
  });
}
