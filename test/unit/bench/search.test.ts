import { describe, expect, it } from 'vitest';
import { largestThatHolds } from '../../bench/search.ts';

async function search(limit: number, most = 4000) {
  const tried: number[] = [];
  const found = await largestThatHolds({ first: 300, most }, async (count) => {
    tried.push(count);
    return count <= limit;
  });
  return { found, tried };
}

describe('the search for the largest number that holds', () => {
  it('comes within a tenth below the limit', async () => {
    for (let limit = 100; limit < 4000; limit += 37) {
      const { found, tried } = await search(limit);
      expect(found, `limit ${limit}`).toBeLessThanOrEqual(limit);
      expect(found, `limit ${limit}`).toBeGreaterThan(0.88 * limit);
      expect(tried.length).toBeLessThan(10);
    }
  });

  it('never tries more than it may', async () => {
    expect(await search(9999, 1000)).toEqual({ found: 1000, tried: [300, 600, 1000] });
    expect(await search(9999, 200)).toEqual({ found: 200, tried: [200] });
  });

  it('ends when nothing holds', async () => {
    expect((await search(0)).found).toBe(0);
  });
});
