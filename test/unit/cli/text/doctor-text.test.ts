import { expect, it } from 'vitest';
import { doctorText } from '../../../../src/cli/text/doctor-text.ts';
import { note, ok, problem, warning, worstOf } from '../../../../src/doctor/checks/finding.ts';

const findings = [
  ok('koffi', 'loaded'),
  problem('host name', 'one two three four five six seven eight nine', 'do this or that or something else'),
];

it('nothing of a finding is cut: lines are broken where the terminal is narrow, and the remedy stands below', () => {
  expect(doctorText(findings, 52)).toBe(
    [
      'STATE    CHECK      FINDING',
      'OK       koffi      loaded',
      'PROBLEM  host name  one two three four five six',
      '                    seven eight nine',
      '                    -> do this or that or something',
      '                       else',
      '',
      '1 problem, no warnings',
    ].join('\n'),
  );
});

it('a line is whole where nobody looks, and commands no terminal', () => {
  const text = doctorText([warning('x', `${'word '.repeat(100)}end`, 'a\u001b[2Jb')], Number.POSITIVE_INFINITY);
  expect(text.split('\n')).toHaveLength(5);
  expect(text).toContain('-> a?[2Jb');
});

it('the worst finding counts', () => {
  expect(worstOf([])).toBe('ok');
  expect(worstOf([ok('a', ''), note('b', '')])).toBe('note');
  expect(worstOf([problem('a', '', ''), warning('b', '', '')])).toBe('problem');
});
