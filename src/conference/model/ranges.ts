/** The ranges of sound settings, the same in profiles and for changes during a call. */
export const RANGES = {
  /** Mean amplitude of 16-bit samples. */
  vadLevel: { min: 0, max: 1799 },
  agcLevel: { min: 0, max: 1799 },
  /** Steps of 3 dB. */
  talkVolume: { min: -4, max: 4 },
  listenVolume: { min: -4, max: 4 },
  /** dBov; 0 stands for none. */
  comfortNoise: { min: -80, max: -40 },
} as const;
