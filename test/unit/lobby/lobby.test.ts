import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dial,
  type KnownNumbers,
  type LobbySettings,
  type Step,
  timeOut,
  welcomeVisitor,
} from '../../../src/lobby/lobby.ts';

const SETTINGS: LobbySettings = { tries: 3, timeoutSeconds: 10, lobbyNumbers: ['3XXX', '77', '777'] };
const running: KnownNumbers = {
  isRunning: (name) => name === '5' || name === '1234567890',
  isListed: () => false,
  isBeginning: () => false,
  mayBeUnlisted: () => true,
};
/** 42, 421 and 3999 are in the table. */
const listed = (mayBeUnlisted: boolean): KnownNumbers => ({
  ...running,
  isListed: (name) => ['42', '421', '3999'].includes(name),
  isBeginning: (digits) => ['42', '421', '3999'].some((number) => number.startsWith(digits) && number !== digits),
  mayBeUnlisted: () => mayBeUnlisted,
});

/** Dials keys one after the other, until something becomes of the visitor. */
function dials(keys: string, settings = SETTINGS, numbers = running): Step {
  let step: Step = { type: 'waits', visitor: welcomeVisitor(settings, 0) };
  for (const key of keys) {
    if (step.type === 'joins' || step.type === 'gives-up') return step;
    step = dial(step.visitor, key, settings, numbers, 0);
  }
  return step;
}

describe('a caller of the lobby', () => {
  it('joins the conference whose number was dialled, as soon as it cannot be a longer one', () => {
    expect(dials('312')).toMatchObject({ type: 'waits', visitor: { digits: '312' } });
    expect(dials('3123')).toEqual({ type: 'joins', conference: '3123' });
    expect(dials('777')).toEqual({ type: 'joins', conference: '777' });
  });

  it('ends a number that could be a longer one with #, or with a pause', () => {
    expect(dials('77')).toMatchObject({ type: 'waits' });
    expect(dials('77#')).toEqual({ type: 'joins', conference: '77' });
    const visitor = { digits: '77', triesLeft: 3, deadlineMs: 10_000 };
    expect(timeOut(visitor, SETTINGS, running, 9999)).toEqual({ type: 'waits', visitor });
    expect(timeOut(visitor, SETTINGS, running, 10_000)).toEqual({ type: 'joins', conference: '77' });
  });

  it('can join any conference that is running, and open those of the profile only', () => {
    expect(dials('5#')).toEqual({ type: 'joins', conference: '5' });
    expect(dials('6#')).toMatchObject({ type: 'asks-again' });
    expect(dials('4123#')).toMatchObject({ type: 'asks-again' });
    expect(dials('1234567890')).toEqual({ type: 'joins', conference: '1234567890' });
  });

  it('can join the conferences of the table, each as soon as its number cannot be a longer one', () => {
    const allow = (keys: string) => dials(keys, SETTINGS, listed(true));
    expect(allow('421')).toEqual({ type: 'joins', conference: '421' });
    expect(allow('42')).toMatchObject({ type: 'waits' });
    expect(allow('42#')).toEqual({ type: 'joins', conference: '42' });
    expect(allow('3123')).toEqual({ type: 'joins', conference: '3123' });
    expect(allow('5#')).toEqual({ type: 'joins', conference: '5' });
  });

  it('can join no other conference where the table refuses those that it does not have', () => {
    const refuse = (keys: string) => dials(keys, SETTINGS, listed(false));
    expect(refuse('3999')).toEqual({ type: 'joins', conference: '3999' });
    expect(refuse('421')).toEqual({ type: 'joins', conference: '421' });
    expect(refuse('3123#')).toMatchObject({ type: 'asks-again' });
    expect(refuse('5#')).toMatchObject({ type: 'asks-again' });
  });

  it('is asked again until the tries are used up, silence being one of them', () => {
    expect(dials('#')).toEqual({ type: 'asks-again', visitor: { digits: '', triesLeft: 2, deadlineMs: 10_000 } });
    expect(dials('9#9#')).toMatchObject({ type: 'asks-again', visitor: { triesLeft: 1 } });
    expect(dials('9#9#9#')).toEqual({ type: 'gives-up' });
  });

  it('who dials 40 digits has three numbers of ten', () => {
    expect(dials('9'.repeat(10))).toMatchObject({ type: 'asks-again' });
    expect(dials('9'.repeat(40))).toEqual({ type: 'gives-up' });
  });

  it('may press other keys, which count for nothing', () => {
    expect(dials('*A3D123')).toEqual({ type: 'joins', conference: '3123' });
  });

  it('has time from each digit on', () => {
    const step = dial(welcomeVisitor(SETTINGS, 0), '3', SETTINGS, running, 8000);
    expect(step).toMatchObject({ type: 'waits', visitor: { deadlineMs: 18_000 } });
  });

  it('gets somewhere whatever is dialled: only to conferences that are allowed or running, and never for ever', () => {
    const pattern = fc.string({ unit: fc.constantFrom(...'0123X'), minLength: 1, maxLength: 5 });
    const keys = fc.string({ unit: fc.constantFrom(...'0123#*'), maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        keys,
        (lobbyNumbers, tries, all) => {
          const settings = { tries, timeoutSeconds: 10, lobbyNumbers };
          let visitor = welcomeVisitor(settings, 0);
          for (const key of `${all}${'#'.repeat(tries)}`) {
            const step = dial(visitor, key, settings, running, 0);
            if (step.type === 'gives-up') return;
            if (step.type === 'joins') {
              const allowed = lobbyNumbers.some((p) =>
                new RegExp(`^${p.replaceAll('X', '\\d')}$`).test(step.conference),
              );
              expect(allowed || running.isRunning(step.conference)).toBe(true);
              return;
            }
            if (step.type === 'asks-again') expect(step.visitor.triesLeft).toBe(visitor.triesLeft - 1);
            ({ visitor } = step);
            expect(visitor.digits.length).toBeLessThan(10);
          }
          expect.fail('the caller is still there');
        },
      ),
      { numRuns: 10_000 },
    );
  });
});
