import { describe, expect, it } from 'vitest';
import { hasInText, setInText, unsetInText } from '../../../src/config/profile-text.ts';

const TEXT = `# head
kind: conference   # what it is

flags: [ +mute ]  # all
limits:
  # so many
  members:   10   # aligned
  speakers: 5

# tail of limits
sound:
    prompts:
        welcome: none
        count:
        - sound:a
        - sound:b   # second

access:
  # nothing yet
# end
`;

/** The text with some of its lines replaced. */
function replaced(...changes: [string, string][]): string {
  return changes.reduce((text, [line, by]) => {
    expect(text).toContain(line);
    return text.replace(line, by);
  }, TEXT);
}

describe('a value that is set', () => {
  it('comes into a section that is empty, however far in it is', () => {
    expect(setInText('sound:\n', ['sound', 'prompts', 'welcome'], 'none')).toBe(
      'sound:\n  prompts:\n    welcome: none\n',
    );
  });

  it('changes nothing else in the text', () => {
    expect(setInText(TEXT, ['limits', 'members'], 40)).toBe(replaced(['   10   #', '   40   #']));
    expect(setInText(TEXT, ['flags'], ['+speaker', '-mute'])).toBe(replaced(['[ +mute ]', '[+speaker, -mute]']));
    expect(setInText(TEXT, ['limits', 'speakers'], 5)).toBe(TEXT);
  });

  it('takes the place of several lines', () => {
    expect(setInText(TEXT, ['sound', 'prompts', 'count'], 'none')).toBe(
      replaced(['count:\n        - sound:a\n        - sound:b   #', 'count: none   #']),
    );
  });

  it('comes last in its section, with its indent, or in a section of its own', () => {
    expect(setInText(TEXT, ['limits', 'callMinutes'], 40)).toBe(replaced(['5\n', '5\n  callMinutes: 40\n']));
    expect(setInText(TEXT, ['sound', 'language'], 'de')).toBe(replaced(['second\n', 'second\n    language: de\n']));
    expect(setInText(TEXT, ['access', 'userPin'], '1234')).toBe(
      replaced(['access:\n', 'access:\n  userPin: "1234"\n']),
    );
    expect(setInText(TEXT, ['audio', 'vadLevel'], 4)).toBe(
      replaced(['# nothing yet\n', '# nothing yet\naudio:\n  vadLevel: 4\n']),
    );
  });

  it.each([
    ['a: 1  # b\nkeys: { "#":  hangup }  # c', 'a: 1  # b\nkeys: { "#":  hangup, "*1": lock }  # c'],
    ['keys: {}  # c\n', 'keys: {"*1": lock}  # c\n'],
    ['keys:\n  "#": hangup', 'keys:\n  "#": hangup\n  "*1": lock\n'],
    ['keys:', 'keys:\n  "*1": lock\n'],
    ['keys:\n  # none yet\n', 'keys:\n  "*1": lock\n  # none yet\n'],
    ['keys:\r\n  "#": hangup\r\n', 'keys:\r\n  "#": hangup\r\n  "*1": lock\r\n'],
    ['{pauseSeconds: 3}', '{pauseSeconds: 3, keys: {"*1": lock}}'],
    ['keys: {"#": hangup,}', 'keys: {"#": hangup, "*1": lock,}'],
    ['', 'keys:\n  "*1": lock\n'],
  ])('fits into %j', (before, after) => {
    expect(setInText(before, ['keys', '*1'], 'lock')).toBe(after);
  });

  it('is quoted where YAML would read it otherwise', () => {
    expect(setInText('a: 1\n', ['a'], ['b, c', '#', 'true', '1', 'tts:x: y'])).toBe(
      'a: ["b, c", "#", "true", "1", "tts:x: y"]\n',
    );
    expect(setInText('a: |\n  b\n  c\n\nd: 2\n', ['a'], 'x\ny #')).toBe('a: "x\\ny #"\n\nd: 2\n');
  });

  it('replaces a key that is written without quotes', () => {
    expect(setInText('keys:\n  0: deaf # zero\n', ['keys', '0'], 'mute')).toBe('keys:\n  0: mute # zero\n');
  });

  it('is refused inside of what an alias stands for', () => {
    expect(() => setInText('limits: &l {members: 2}\naccess: *l\n', ['access', 'tries'], 3)).toThrow(
      'access.tries: cannot be changed in this file',
    );
  });
});

describe('a value that is unset', () => {
  it('goes with its lines, and changes nothing else', () => {
    expect(unsetInText(TEXT, ['limits', 'members'])).toBe(replaced(['  members:   10   # aligned\n', '']));
    expect(unsetInText(TEXT, ['sound', 'prompts', 'count'])).toBe(
      replaced(['        count:\n        - sound:a\n        - sound:b   # second\n', '']),
    );
  });

  it('takes sections along that are empty without it', () => {
    expect(unsetInText('a: 1\nb:\n  c:\n    d: 2\n# e\n', ['b', 'c', 'd'])).toBe('a: 1\n# e\n');
    expect(unsetInText('a: { b:  1, c: 2 }  # d\n', ['a', 'b'])).toBe('a: { c: 2 }  # d\n');
    expect(unsetInText('a: { b:  1, c: 2 }  # d\n', ['a', 'c'])).toBe('a: { b:  1 }  # d\n');
    expect(unsetInText('a: {b: {c: 2}}  # d\ne: 1\n', ['a', 'b', 'c'])).toBe('e: 1\n');
  });

  it('is found only where it is', () => {
    expect(hasInText(TEXT, ['limits', 'members'])).toBe(true);
    expect(hasInText(TEXT, ['limits', 'callMinutes'])).toBe(false);
    expect(hasInText('keys: {0: deaf}', ['keys', '0'])).toBe(true);
  });
});
