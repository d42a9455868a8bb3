import { describe, expect, it } from 'vitest';
import { parseShowWords } from '../../../../src/cli/options/show-words.ts';

describe('show', () => {
  it('takes a single word for a conference, even one that is called status', () => {
    expect(parseShowWords('3000', undefined)).toEqual({ what: 'everything', conference: '3000' });
    expect(parseShowWords('status', undefined)).toEqual({ what: 'everything', conference: 'status' });
  });

  it('takes the word nodes for those of the cluster', () => {
    expect(parseShowWords('nodes', undefined)).toEqual({ what: 'nodes' });
    expect(parseShowWords('members', 'nodes')).toEqual({ what: 'members', conference: 'nodes' });
  });

  it('takes the first of two words for what is to be shown', () => {
    expect(parseShowWords('members', '3000')).toEqual({ what: 'members', conference: '3000' });
    expect(parseShowWords('status', 'status')).toEqual({ what: 'status', conference: 'status' });
  });

  it('refuses two words of which the first says nothing', () => {
    expect(() => parseShowWords('3000', '3001')).toThrow('show: "3000" is none of status, members, hands');
  });
});
