/** How large a query may be. */
import { describe, expect, test } from 'vitest';
import { queryLimit } from '../../../src/live/metrics/limit.ts';

describe('queryLimit', () => {
  test.each([
    { option: undefined, configured: null, api: '8.0.3.0', limit: 256, why: 'the default of vCenter 6.5 and later' },
    { option: undefined, configured: null, api: '6.0', limit: 64, why: 'the default up to 6.0' },
    { option: undefined, configured: null, api: '5.5', limit: 64, why: 'the default up to 6.0' },
    {
      option: undefined,
      configured: 1_000,
      api: '8.0.3.0',
      limit: 1_000,
      why: 'the configuration, where vCenter is silent',
    },
    { option: 64, configured: 256, api: '8.0.3.0', limit: 64, why: "vCenter's own limit" },
    { option: 1_024, configured: 256, api: '8.0.3.0', limit: 256, why: 'the configuration, where it is stricter' },
    { option: 1_024, configured: null, api: '8.0.3.0', limit: 1_024, why: "vCenter's own limit" },
    { option: -1, configured: null, api: '8.0.3.0', limit: 10_000, why: 'our own cap, where vCenter has none' },
    { option: -1, configured: 500, api: '8.0.3.0', limit: 500, why: 'the configuration, where vCenter has none' },
  ])(
    'is $limit for option $option, configuration $configured and API $api: $why',
    ({ option, configured, api, limit }) => {
      expect(queryLimit(option, configured, api)).toBe(limit);
    },
  );
});
