import { describe, expect, it } from 'vitest';
import { type AnchoringFacts, judgeAnchoring, type PjsipObject } from '../../../src/doctor/checks/anchoring.ts';
import type { Finding } from '../../../src/doctor/checks/finding.ts';

type Options = Record<string, string | string[]>;

const object = (name: string, options: Options): PjsipObject => ({
  name,
  options: new Map(Object.entries(options).map(([key, value]) => [key, [value].flat()])),
});

const ANCHORED = {
  media_address: '127.0.99.1',
  bind_rtp_to_media_address: 'true',
  direct_media: 'false',
  rtp_symmetric: 'yes',
  rtp_timeout: '0',
  rtp_timeout_hold: '0',
  media_encryption: 'no',
  ice_support: 'false',
  webrtc: 'no',
  transport: '',
};

const endpoint = (name: string, options: Options = {}) => object(name, { ...ANCHORED, ...options });
const transport = (options: Options = {}, name = 'transport-udp') =>
  object(name, { external_media_address: '203.0.113.7', local_net: ['127.0.99.0/255.255.255.0'], ...options });

const GOOD: AnchoringFacts = {
  endpoints: [endpoint('anonymous')],
  transports: [transport()],
  rtp: { strict: 'No', ice: 'No' },
  relayAddress: '192.0.2.1',
};

const judge = (facts: Partial<AnchoringFacts>) => judgeAnchoring({ ...GOOD, ...facts });
const lines = (findings: readonly Finding[]) => findings.map(({ state, message }) => `${state}: ${message}`);

describe('an endpoint', () => {
  it('with all settings, in whatever form Asterisk shows them, is anchored', () => {
    const switches = { bind_rtp_to_media_address: 'yes', direct_media: 'no', ice_support: 'no', rtp_symmetric: 'true' };
    const endpoints = [endpoint('anonymous'), endpoint('provider', switches)];
    expect(lines(judge({ endpoints }))).toEqual(['ok: the relay anchors endpoints anonymous, provider']);
  });

  it.each([
    ['bind_rtp_to_media_address', 'false', 'yes'],
    ['direct_media', 'yes', 'no'],
    ['rtp_symmetric', 'false', 'yes'],
    ['rtp_timeout', '120', '0'],
    ['rtp_timeout_hold', '900', '0'],
    ['ice_support', 'true', 'no'],
  ])('whose %s is %s is named, with what to set', (option, value, wanted) => {
    const endpoints = [endpoint('anonymous'), endpoint('provider', { [option]: value })];
    const [finding, ...others] = judge({ endpoints });
    expect(finding).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining(`${option} = ${wanted} in pjsip`),
    });
    expect(finding?.message).toMatch(`${option} is not ${wanted} for endpoint provider: `);
    expect(others).toEqual([]);
  });

  it('without a loopback address is heard from the bridge: a warning, whatever its other settings are', () => {
    const endpoints = ['', '192.0.2.1', 'fd00::1'].map((address, index) =>
      endpoint(`e${index}`, { media_address: address, direct_media: 'yes', rtp_timeout: '120' }),
    );
    const [finding, ...others] = judge({ endpoints });
    expect(finding?.state).toBe('warning');
    expect(finding?.message).toMatch(/endpoints e0, e1, e2: .*bridge.*dearer/);
    expect(others).toEqual([]);
  });

  it.each<Options>([{ media_encryption: 'sdes' }, { media_encryption: 'dtls' }, { webrtc: 'yes' }])(
    'with encryption (%j) is heard from the bridge, which is no mistake',
    (options) => {
      const endpoints = [endpoint('anonymous'), endpoint('web', { ...options, media_address: '', ice_support: 'yes' })];
      const rtp = { strict: 'No', ice: 'Yes' };
      expect(judge({ endpoints, rtp }).map(({ state }) => state)).toEqual(['ok', 'note']);
      expect(lines(judge({ endpoints, rtp }))[1]).toMatch(/endpoint web: .*bridge.*dearer/);
    },
  );

  it('is not needed: without any there is a note', () => {
    expect(judge({ endpoints: [] }).map(({ state }) => state)).toEqual(['note']);
  });

  it('is one of many: a message names a few of them', () => {
    const endpoints = Array.from({ length: 60 }, (_, index) => endpoint(`e${index}`, { direct_media: 'yes' }));
    expect(judge({ endpoints })[0]?.message).toContain('endpoints e0, e1, e2, e3, e4 and 55 more:');
  });
});

describe('a transport', () => {
  const about = (options: Options, facts: Partial<AnchoringFacts> = {}) =>
    lines(judge({ transports: [transport(options)], ...facts }));

  it('without external_media_address, or with one on loopback, is named', () => {
    expect(about({ external_media_address: '' })).toEqual([
      expect.stringMatching('^problem: external_media_address of transport transport-udp is not set'),
    ]);
    expect(about({ external_media_address: '127.0.0.1' })).toEqual([
      expect.stringMatching('^problem: external_media_address of transport transport-udp is 127.0.0.1, on loopback'),
    ]);
  });

  it('may give a loopback address at which phones reach the relay, where everything is on one machine', () => {
    expect(about({ external_media_address: '127.0.1.1' }, { relayAddress: '127.0.1.1' })).toEqual([
      expect.stringMatching(/^ok/),
    ]);
  });

  it.each([[[]], [['']], [['127.0.98.0/255.255.255.0']]])(
    'whose local_net %j does not cover media_address is named',
    (nets) => {
      const [line] = about({ local_net: nets });
      expect(line).toMatch('problem: local_net of transport transport-udp does not cover media_address 127.0.99.1');
      expect(judge({ transports: [transport({ local_net: nets })] })[0]?.remedy).toContain('local_net = 127.0.99.0/24');
    },
  );

  it.each(['192.168.0.0/16', '10.0.0.0/255.0.0.0', '0.0.0.0/0', '126.0.0.0/7', 'fd00::/8'])(
    'whose local_net covers phones too (%s) is named',
    (net) => {
      expect(about({ local_net: ['127.0.99.0/24', net] })).toEqual([
        expect.stringMatching(`^problem: local_net ${net} of transport transport-udp covers more than`),
      ]);
    },
  );

  it('whose local_net covers the address that phones are told is named', () => {
    const options = { local_net: ['127.0.0.0/8'], external_media_address: '127.0.1.1' };
    expect(about(options, { relayAddress: '127.0.1.1' })).toEqual([
      expect.stringMatching(/^problem: local_net 127\.0\.0\.0\/8 .* covers more than/),
    ]);
  });

  it('that no anchored endpoint uses may be as it is', () => {
    const transports = [transport(), transport({ external_media_address: '', local_net: [] }, 'other')];
    const endpoints = [endpoint('anonymous', { transport: 'transport-udp' })];
    expect(lines(judge({ endpoints, transports }))).toEqual([expect.stringMatching(/^ok/)]);
    expect(judge({ transports }).map(({ state }) => state)).toEqual(['problem', 'problem']);
  });

  it('that could not be read is a note', () => {
    expect(judge({ transports: [] }).map(({ state }) => state)).toEqual(['ok', 'note']);
  });
});

describe('an endpoint of IPv6', () => {
  const SIX = {
    bind: '[::]:5060',
    external_media_address: '2001:db8::7',
    local_net: ['::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  };
  const endpoints = [endpoint('anonymous'), endpoint('ipv6', { media_address: '::1', transport: 'transport-udp6' })];
  const about = (options: Options) =>
    lines(
      judge({
        endpoints,
        transports: [transport({ bind: '0.0.0.0:5060' }), transport({ ...SIX, ...options }, 'transport-udp6')],
      }),
    );

  it('is anchored by a transport of its own, about which those of IPv4 are not asked', () => {
    expect(about({})).toEqual(['ok: the relay anchors endpoints anonymous, ipv6']);
  });

  it('needs a local_net for its loopback address, and an address that phones reach', () => {
    expect(about({ local_net: [] })).toEqual([
      expect.stringMatching(/^problem: local_net of transport transport-udp6 does not cover media_address ::1/),
    ]);
    expect(about({ local_net: ['::1/128', 'fd00::/64'] })).toEqual([
      expect.stringMatching(/^problem: local_net fd00::\/64 of transport transport-udp6 covers more/),
    ]);
    expect(about({ external_media_address: '::1' })).toEqual([
      expect.stringMatching(/^problem: external_media_address of transport transport-udp6 is ::1, on loopback/),
    ]);
  });
});

describe('a transport for browsers', () => {
  it('needs no address of its own', () => {
    const wss = object('transport-wss', { protocol: 'wss', bind: '0.0.0.0:5060' });
    expect(lines(judge({ transports: [transport(), wss] }))).toEqual(['ok: the relay anchors endpoint anonymous']);
  });
});

describe('rtp.conf', () => {
  it.each(['Yes', 'SeqNo'])('with strictrtp %s is a problem', (strict) => {
    expect(judge({ rtp: { strict, ice: 'No' } })).toMatchObject([
      {
        state: 'problem',
        message: expect.stringContaining('strictrtp is '),
        remedy: expect.stringContaining('strictrtp = no'),
      },
    ]);
  });

  it('with ICE is a warning where no endpoint uses it', () => {
    expect(judge({ rtp: { strict: 'No', ice: 'Yes' } })).toMatchObject([
      { state: 'warning', message: expect.stringContaining('icesupport') },
    ]);
  });

  it('without ICE is a problem where browsers call', () => {
    const endpoints = [endpoint('anonymous'), endpoint('browser', { media_address: '', webrtc: 'yes' })];
    expect(lines(judge({ endpoints }))).toEqual([
      expect.stringMatching(/^problem: icesupport is off, and endpoint browser /),
      expect.stringMatching(/^note: endpoint browser: media_encryption is set/),
    ]);
    const rtp = { strict: 'No', ice: 'Yes' };
    expect(judge({ endpoints, rtp }).map(({ state }) => state)).toEqual(['ok', 'note']);
  });

  it('that could not be read is a note', () => {
    expect(judge({ rtp: null }).map(({ state }) => state)).toEqual(['ok', 'note']);
  });

  it('does not matter where no endpoint is anchored', () => {
    const endpoints = [endpoint('anonymous', { media_address: '' })];
    expect(judge({ endpoints, rtp: { strict: 'Yes', ice: 'Yes' } }).map(({ state }) => state)).toEqual(['warning']);
  });
});
