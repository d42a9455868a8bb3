import { describe, expect, it } from 'vitest';
import {
  CHANGED_VARIABLES,
  callSpecOf,
  describedAgain,
  endpointOf,
  INCOMING_VARIABLES,
  OUTGOING_VARIABLES,
  type RtpValues,
  readsMediaAddress,
} from '../../../../src/controller/calls/call-rtp.ts';

/** As Asterisk 22.10 answers of a phone at 192.0.2.7 behind NAT, called at 198.51.100.1. */
const VALUES: RtpValues = {
  'CHANNEL(rtp,src)': '198.51.100.1:10040',
  'CHANNEL(rtp,dest)': '192.168.1.9:4000',
  'CHANNEL(pjsip,remote_addr)': '192.0.2.7:5066',
  'CHANNEL(pjsip,local_addr)': '198.51.100.1:5060',
  'CHANNEL(audionativeformat)': '(ulaw|alaw|g722)',
  'CHANNEL(rtp,secure)': '0',
  'PJSIP_DTMF_MODE()': 'auto_info',
  'CHANNEL(rtp,hold,audio)': '0',
};

const specOf = (values: Partial<RtpValues> = {}, anySource = false) =>
  callSpecOf('c', { ...VALUES, ...values }, { mediaAddress: '127.0.99.1', localHost: null, anySource });

describe('the RTP of a call', () => {
  it('is asked for with every variable that is used', () => {
    expect([...INCOMING_VARIABLES].sort()).toEqual(Object.keys(VALUES).sort());
  });

  it('has its port on the address that the phone has called, and on that of Asterisk', () => {
    expect(specOf()).toEqual({
      channelId: 'c',
      local: { host: '198.51.100.1', port: 10_040 },
      asterisk: { host: '127.0.99.1', port: 10_040 },
      phone: { host: '192.168.1.9', port: 4000 },
      sources: ['192.168.1.9', '192.0.2.7'],
      signalling: '192.0.2.7',
      codec: 'PCMU',
      gate: null,
      tones: false,
      talkLevel: null,
      hearing: null,
      source: null,
    });
    // Asterisk's own address is not the one.
    expect(specOf({ 'CHANNEL(rtp,src)': '10.9.9.9:10040' })).toEqual(specOf());
  });

  it('of a call to a phone is on the address by which it was called, and comes from where that was', () => {
    const target = 'CHANNEL(pjsip,target_uri)';
    const { 'CHANNEL(pjsip,local_addr)': _, 'CHANNEL(pjsip,remote_addr)': __, ...values } = VALUES;
    const options = { mediaAddress: '127.0.99.1', localHost: '198.51.100.2', anySource: false };
    expect([...OUTGOING_VARIABLES].sort()).toEqual([...Object.keys(values), target].sort());
    expect(callSpecOf('c', { ...values, [target]: 'sip:7@192.0.2.8:5062' }, options)).toMatchObject({
      local: { host: '198.51.100.2', port: 10_040 },
      sources: ['192.168.1.9', '192.0.2.8'],
    });
  });

  it('comes from the address of the description or of the signalling, or from anywhere if the operator says so', () => {
    expect(specOf({ 'CHANNEL(rtp,dest)': '192.0.2.7:4000' })).toMatchObject({ sources: ['192.0.2.7'] });
    expect(specOf({ 'CHANNEL(rtp,dest)': null })).toMatchObject({ phone: null, sources: ['192.0.2.7'] });
    expect(specOf({}, true)).toMatchObject({ sources: [], phone: { host: '192.168.1.9', port: 4000 } });
  });

  it.each([
    ['(ulaw)', 'PCMU'],
    ['(alaw|ulaw)', 'PCMA'],
    ['(g722|ulaw)', 'G722'],
    ['alaw', 'PCMA'],
    // The relay passes it, but does not encode it; another format of the call does not help.
    ['(opus|ulaw)', null],
    ['(slin16)', null],
    ['()', null],
    [null, null],
  ])('in formats %s is encoded as %s', (formats, codec) => {
    expect(specOf({ 'CHANNEL(audionativeformat)': formats })).toMatchObject({ codec });
  });

  it.each([
    ['inband', true],
    ['auto', true],
    ['auto_info', false],
    ['rfc4733', false],
    ['info', false],
    [null, false],
  ])('in the DTMF mode %s has keys in its audio: %s', (mode, tones) => {
    expect(specOf({ 'PJSIP_DTMF_MODE()': mode })).toMatchObject({ tones });
  });

  it('that its phone describes again has another codec and address, and keeps the rest', () => {
    const call = specOf();
    if ('reason' in call) throw new Error(call.reason);
    const [destination, formats] = CHANGED_VARIABLES;
    const again = (dest: string | null) => describedAgain(call, { [destination]: dest, [formats]: '(alaw)' });
    expect(again('203.0.113.4:5000')).toEqual({
      ...call,
      codec: 'PCMA',
      phone: { host: '203.0.113.4', port: 5000 },
      sources: ['203.0.113.4', '192.0.2.7', '192.168.1.9'],
    });
    // Held in the old way (RFC 2543), or Asterisk tells the relay's address.
    for (const dest of ['0.0.0.0:5000', '127.0.0.1:5000', null])
      expect(again(dest)).toEqual({ ...call, codec: 'PCMA' });
    const anywhere = describedAgain({ ...call, sources: [] }, { [destination]: '203.0.113.4:5000' });
    expect(anywhere.sources).toEqual([]);
  });

  it('comes from where the signalling does, however often the phone describes another address', () => {
    const [destination] = CHANGED_VARIABLES;
    let call = specOf();
    for (const host of ['203.0.113.4', '203.0.113.5', '203.0.113.6', '203.0.113.7']) {
      if ('reason' in call) throw new Error(call.reason);
      call = describedAgain(call, { [destination]: `${host}:5000` });
    }
    expect(call).toMatchObject({ sources: ['203.0.113.7', '192.0.2.7', '203.0.113.6', '203.0.113.5'] });
  });

  it('that is encrypted is not for the relay', () => {
    expect(specOf({ 'CHANNEL(rtp,secure)': '1' })).toEqual({ reason: 'its RTP is encrypted' });
  });

  it.each<[string, Partial<RtpValues>]>([
    ['no port', { 'CHANNEL(rtp,src)': null }],
    ['no address', { 'CHANNEL(rtp,src)': '0.0.0.0:10040' }],
    ['port 0', { 'CHANNEL(rtp,src)': '198.51.100.1:0' }],
    ['a port that cannot be', { 'CHANNEL(rtp,src)': '198.51.100.1:70000' }],
  ])('is not for the relay where Asterisk tells %s', (_, values) => {
    expect(specOf(values)).toEqual({ reason: 'Asterisk does not tell its RTP port' });
  });

  it.each<[string, Partial<RtpValues>]>([
    ['an address of one link', { 'CHANNEL(pjsip,local_addr)': '[fe80::1%eth0]:5060' }],
    ['a call to no address', { 'CHANNEL(pjsip,local_addr)': '0.0.0.0:5060' }],
    ['a call to no address of IPv6', { 'CHANNEL(pjsip,local_addr)': '[::]:5060' }],
    ['nothing of the signalling', { 'CHANNEL(pjsip,local_addr)': null }],
    ['an empty address', { 'CHANNEL(pjsip,local_addr)': '' }],
  ])(
    'is at the address of the route to the phone where Asterisk tells %s, as with a transport for all addresses',
    (_, values) => {
      const route = { 'CHANNEL(rtp,src)': '198.51.100.2:10040' };
      expect(specOf({ ...values, ...route })).toMatchObject({ local: { host: '198.51.100.2', port: 10_040 } });
    },
  );

  it('over IPv6 has all of its addresses there', () => {
    const values = {
      ...VALUES,
      'CHANNEL(rtp,src)': '[::1]:10040',
      'CHANNEL(rtp,dest)': '[2001:DB8:0:0::9]:4000',
      'CHANNEL(pjsip,remote_addr)': '[2001:db8::7]:5066',
      'CHANNEL(pjsip,local_addr)': '[2001:db8::1]:5060',
    };
    const options = { mediaAddress: '::1', localHost: null, anySource: false };
    expect(callSpecOf('c', values, options)).toMatchObject({
      local: { host: '2001:db8::1', port: 10_040 },
      asterisk: { host: '::1', port: 10_040 },
      phone: { host: '2001:db8::9', port: 4000 },
      sources: ['2001:db8::9', '2001:db8::7'],
    });
    const { 'CHANNEL(pjsip,local_addr)': _, 'CHANNEL(pjsip,remote_addr)': __, ...outgoing } = values;
    const called = { ...outgoing, 'CHANNEL(pjsip,target_uri)': 'sip:7@[2001:db8::8]:5062' };
    expect(callSpecOf('c', called, { ...options, localHost: '2001:db8::2' })).toMatchObject({
      local: { host: '2001:db8::2', port: 10_040 },
      sources: ['2001:db8::9', '2001:db8::8'],
    });
  });

  it.each<[string, Partial<RtpValues>]>([
    ['is called over IPv6', { 'CHANNEL(pjsip,local_addr)': '[2001:db8::1]:5060' }],
    ['has described an address of IPv6', { 'CHANNEL(rtp,dest)': '[2001:db8::9]:4000' }],
  ])('is not for the relay where its endpoint is for IPv4, and it %s', (_, values) => {
    expect(specOf(values)).toEqual({ reason: 'its endpoint has a media_address of another IP version' });
  });

  it('has no phone yet where its description has no address, as on hold', () => {
    for (const destination of ['0.0.0.0:4000', '[::]:4000', '192.168.1.9:0', '']) {
      expect(specOf({ 'CHANNEL(rtp,dest)': destination })).toMatchObject({ phone: null, sources: ['192.0.2.7'] });
    }
  });
});

describe('the endpoint of a channel', () => {
  it('is in its name, and may have dashes itself', () => {
    expect(endpointOf('PJSIP/anonymous-00000a1f')).toBe('anonymous');
    expect(endpointOf('PJSIP/my-provider-00000001')).toBe('my-provider');
    expect(readsMediaAddress('my-provider')).toBe('PJSIP_ENDPOINT(my-provider,media_address)');
  });

  it('is none where the channel is not SIP', () => {
    for (const name of ['Local/3000@default-00000001;1', 'UnicastRTP/127.0.0.1:4000-0x7f00', 'IAX2/x-1', '']) {
      expect(endpointOf(name)).toBeNull();
    }
  });
});
