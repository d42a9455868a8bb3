import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** Presses the key of the example, and prints what that leads to. */
const SCRIPT = `
import { reduce } from './src/conference/reduce.ts';
import { newConference } from './src/conference/model/conference.ts';
import { parseProfiles, findSettings } from './src/profiles/profiles.ts';

const profile = process.argv[2] ?? '';
const profiles = parseProfiles([
  { path: 'keys.yaml', name: 'keys', text: profile },
  { path: 'default.yaml', name: 'default', text: 'kind: conference\\ncontrols: keys\\n' },
]);
if (Array.isArray(profiles)) throw new Error(JSON.stringify(profiles));
let conference = newConference('1', findSettings(profiles, 'default')!, 0);
const effects = [];
for (const input of [
  {
    type: 'join',
    channelId: 'a',
    caller: { number: '1', name: '' },
    flags: {},
    origin: 'dialplan',
    path: { at: 'bridge', reason: '' },
  },
  { type: 'heard', channelId: 'a', nextStep: 'enter' },
  { type: 'entered', channelId: 'a' },
  { type: 'dtmf', channelId: 'a', key: '7' },
] as const) {
  const outcome = reduce(conference, input, 1000);
  conference = outcome.conference;
  effects.push(...outcome.effects);
}
console.log(JSON.stringify(effects.filter((effect) => effect.type === 'play')));
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-action-'));
  for (const name of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    await cp(join(REPOSITORY, name), join(directory, name), { recursive: true });
  }
  await symlink(join(REPOSITORY, 'node_modules'), join(directory, 'node_modules'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

it('the action that the documentation adds compiles, is known to profiles, and works', async () => {
  const text = await readFile(join(REPOSITORY, 'docs/actions.md'), 'utf8');
  const [action, importLine, entry, profile] = [...text.matchAll(/```(?:ts|yaml)\n(.*?)```/gs)].map(([, code]) => code);
  await writeFile(join(directory, 'src/dtmf/actions/applaud.ts'), action ?? '');
  const catalogue = await readFile(join(directory, 'src/dtmf/catalogue.ts'), 'utf8');
  const list = 'export const ACTIONS: readonly Action[] = [\n';
  expect(catalogue).toContain(list);
  await writeFile(
    join(directory, 'src/dtmf/catalogue.ts'),
    `${importLine}${catalogue.replace(list, `${list}${entry}`)}`,
  );
  await writeFile(join(directory, 'press.ts'), SCRIPT);

  await run(join(REPOSITORY, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--noEmit'], { cwd: directory });
  const { stdout } = await run(process.execPath, ['--import', 'tsx', 'press.ts', profile ?? ''], { cwd: directory });
  const [play] = JSON.parse(stdout) as { sounds: { media: unknown[] } }[];
  expect(play?.sounds.media).toHaveLength(2);
}, 60_000);
