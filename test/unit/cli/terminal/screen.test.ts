import { describe, expect, it } from 'vitest';
import { drawing } from '../../../../src/cli/terminal/screen.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are told
const visible = (text: string) => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').split('\n');

describe('a screen that is drawn again', () => {
  it('has what fits, and says how much does not', () => {
    expect(visible(drawing('a\nb\nc', 10, 80))).toEqual(['a', 'b', 'c', '']);
    expect(visible(drawing('a\nb\nc\nd\ne', 4, 80))).toEqual(['a', 'b', '… 3 more', '']);
  });

  it('breaks no line', () => {
    expect(visible(drawing('123456789', 10, 5))).toEqual(['1234…', '']);
  });

  it('leaves nothing of what was there before', () => {
    expect(drawing('a', 10, 80)).toBe('\u001b[Ha\u001b[K\n\u001b[J');
  });
});
