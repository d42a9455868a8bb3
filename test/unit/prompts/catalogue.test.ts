import { describe, expect, it } from 'vitest';
import {
  fillPlaceholders,
  isPromptName,
  PROMPT_NAMES,
  PROMPTS,
  parsePromptMedia,
} from '../../../src/prompts/catalogue.ts';
import { parseMedia } from '../../../src/prompts/media.ts';

/** All that profiles may name; taking one away breaks somebody's profile. */
const NAMES =
  `enter-pin bad-pin pin-wait pin-failed enter-conference bad-conference welcome bye alone kicked muted you-are-muted unmuted deafened undeafened
  admin unadmin speaker unspeaker joined left has-joined has-left record-name review-name locked lockednow unlockednow full waiting
  admin-left conference-ending time-warning time-over recording-started recording-stopped count hand-raised hand-lowered
  hand-your-turn floor-muted floor-unmuted private private-ended hold help-asked help-ended help-wanted confirm cancelled level denied menu transferred invite-failed
  not-open over`.split(/\s+/);

describe('the catalogue of prompts', () => {
  it('has every prompt', () => {
    expect([...PROMPT_NAMES].sort()).toEqual(NAMES.sort());
  });

  it.each(PROMPT_NAMES)('describes %s and has something to play for it', (name) => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(PROMPTS[name].summary).toMatch(/^[A-Z].*[^.]$/);
    // A muted speaker who talks is told nothing unless a profile says so.
    if (name !== 'you-are-muted') expect(PROMPTS[name].standard).not.toEqual([]);
    for (const media of PROMPTS[name].standard) expect(parsePromptMedia(name, media)).toMatchObject({ ok: true });
  });

  it('knows its names, and no others', () => {
    expect(isPromptName('bye')).toBe(true);
    expect(isPromptName('toString')).toBe(false);
  });

  it('keeps tones that everybody hears short', () => {
    for (const name of ['joined', 'left', 'level'] as const) {
      const parsed = parseMedia(PROMPTS[name].standard[0] ?? '');
      const steps = parsed.ok && parsed.media.type === 'tone' ? parsed.media.steps : [];
      const durationMs = steps.reduce((sum, step) => sum + step.durationMs, 0);
      expect(durationMs).toBeGreaterThan(50);
      expect(durationMs).toBeLessThanOrEqual(250);
    }
  });
});

describe('a placeholder', () => {
  it('becomes its value', () => {
    const media = PROMPTS.count.standard.map((text) => fillPlaceholders(text, { count: 12 }));
    expect(media).toEqual(['sound:conf-thereare', 'number:12', 'sound:confbridge-participants']);
  });

  it('stays as it is where there is no such value, or where it came with a value', () => {
    expect(fillPlaceholders('tts:{menu} {count} {toString}', { menu: 'press {count}', count: 2 })).toBe(
      'tts:press {count} 2 {toString}',
    );
  });

  it('may be used in the prompts that have it only', () => {
    expect(parsePromptMedia('count', 'tts:{count} people are here.')).toMatchObject({ ok: true });
    expect(parsePromptMedia('bye', 'number:{count}')).toMatchObject({ message: expect.stringMatching(/whole number/) });
  });
});
