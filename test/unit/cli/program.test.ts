import { expect, it } from 'vitest';
import { createProgram } from '../../../src/cli/program.ts';

it('a command line that waits for a playback to one member is refused: it returns at once', async () => {
  const program = createProgram();
  for (const command of program.commands) command.configureOutput({ writeErr: () => {} });
  const words = ['playback', '3000', 'beep', '--member', '7', '--wait'];
  await expect(program.parseAsync(words, { from: 'user' })).rejects.toMatchObject({
    code: 'commander.conflictingOption',
  });
});
