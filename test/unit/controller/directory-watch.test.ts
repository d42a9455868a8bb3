import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DirectoryWatch } from '../../../src/controller/directory-watch.ts';

let logged: string[];
/** The network disk does not hang any more. */
let goOn: () => void;
let questions: number;
let prompts: string;
let watch: DirectoryWatch;

beforeEach(async () => {
  vi.useFakeTimers();
  logged = [];
  questions = 0;
  prompts = 'full by 9 of 10';
  const goesOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const ask = async () => {
    questions++;
    await goesOn;
    return 'read-only';
  };
  const note = (message: string) => void logged.push(message);
  const directories = [
    { about: 'recordings', path: '/net', look: ask },
    { about: 'prompts', path: '/own', look: async () => prompts },
  ] as const;
  watch = new DirectoryWatch(
    { directories, everyMs: 5000, withinMs: 2000 },
    { logger: { info: note, warn: note } as never },
  );
  const started = watch.start();
  await vi.advanceTimersByTimeAsync(2000);
  await started;
});

afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

const details = () => watch.problems.map(({ detail }) => detail);

it('a directory that does not answer has a problem, is not asked twice, and hides no problem of others', async () => {
  const words = '/net has not answered for 2 s: see to its disk, or to the host that has it';
  expect(details()).toEqual([words, 'full by 9 of 10']);
  prompts = 'full by 10 of 10';
  await vi.advanceTimersByTimeAsync(30_000);
  expect(details()).toEqual([words, 'full by 10 of 10']);
  expect(questions).toBe(1);
  goOn();
  await vi.advanceTimersByTimeAsync(7000);
  expect(details()[0]).toBe('read-only');
});

it('another problem of a directory is logged, the same one with other figures is not', async () => {
  logged = [];
  prompts = 'full by 10 of 10';
  await vi.advanceTimersByTimeAsync(7000);
  expect(logged).toEqual([]);
  prompts = 'no directory';
  await vi.advanceTimersByTimeAsync(7000);
  expect(logged).toEqual(['prompts: no directory']);
});
