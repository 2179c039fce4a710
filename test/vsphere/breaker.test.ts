import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors.ts';
import { Breaker } from '../../src/vsphere/breaker.ts';
import { Bulkhead } from '../../src/vsphere/bulkhead.ts';
import { VimFault } from '../../src/vsphere/decode.ts';
import { Guard } from '../../src/vsphere/guard.ts';
import { judge } from '../../src/vsphere/outage.ts';

const outage = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const left = new DOMException('left', 'AbortError');
const fail = (error: unknown) => () => Promise.reject(error);
const ok = () => Promise.resolve('ok');

function makeBreaker() {
  let now = 0;
  const opened: unknown[] = [];
  const breaker = new Breaker({
    name: 'lab',
    clock: () => now,
    random: () => 1,
    onOpen: (error) => opened.push(error),
  });
  return {
    breaker,
    opened,
    pass: (ms: number) => {
      now += ms;
    },
    run: (work: () => Promise<unknown>) => breaker.run(work, judge),
    async outages(count: number) {
      for (let call = 0; call < count; call += 1) await expect(breaker.run(fail(outage), judge)).rejects.toBe(outage);
    },
  };
}

const refusal = { code: 'upstream_unavailable', extras: { retry_after: 1 } };

describe('the breaker', () => {
  it('opens at the fifth outage in a row, and refuses at once with the seconds to wait', async () => {
    const { breaker, outages, run, opened } = makeBreaker();
    await outages(4);
    expect(breaker.state).toBe('closed');
    await outages(1);
    expect(breaker.state).toBe('open');
    expect(opened).toEqual([outage]);
    let begun = false;
    await expect(
      run(() => {
        begun = true;
        return ok();
      }),
    ).rejects.toMatchObject(refusal);
    expect(begun).toBe(false);
    expect(() => breaker.check()).toThrow(GatewayError);
  });

  it('starts counting anew at a success', async () => {
    const { breaker, outages, run } = makeBreaker();
    await outages(4);
    await run(ok);
    await outages(4);
    expect(breaker.state).toBe('closed');
  });

  it('takes a fault for an answer, and a caller who left for nothing at all', async () => {
    const { breaker, outages, run } = makeBreaker();
    await outages(4);
    await expect(run(fail(left))).rejects.toBe(left);
    await outages(1);
    expect(breaker.state).toBe('open');

    const second = makeBreaker();
    await second.outages(4);
    await expect(second.run(fail(new VimFault({ $type: 'SystemError' })))).rejects.toThrow('SystemError');
    await second.outages(4);
    expect(second.breaker.state).toBe('closed');
  });

  it('lets one probe through after the pause, and closes when it succeeds', async () => {
    const { breaker, outages, pass, run } = makeBreaker();
    await outages(5);
    pass(1_000);
    expect(breaker.state).toBe('half_open');
    let answer: (value: string) => void = () => undefined;
    const probe = run(() => new Promise((resolve) => (answer = resolve)));
    await expect(run(ok)).rejects.toMatchObject(refusal);
    answer('ok');
    await expect(probe).resolves.toBe('ok');
    expect(breaker.state).toBe('closed');
    await expect(run(ok)).resolves.toBe('ok');
  });

  it('doubles the pause with every probe that fails, up to a minute', async () => {
    const { breaker, outages, pass } = makeBreaker();
    await outages(5);
    for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      pass(pause - 1);
      expect(breaker.state).toBe('open');
      pass(1);
      expect(breaker.state).toBe('half_open');
      await outages(1);
    }
  });

  it('lets the next call probe when the one before left without an answer', async () => {
    const { breaker, outages, pass, run } = makeBreaker();
    await outages(5);
    pass(1_000);
    await expect(run(fail(left))).rejects.toBe(left);
    expect(breaker.state).toBe('half_open');
    await expect(run(ok)).resolves.toBe('ok');
    expect(breaker.state).toBe('closed');
  });

  it('does not lengthen the pause for calls that were under way when it opened', async () => {
    const { breaker, outages, pass, run } = makeBreaker();
    const broken: ((error: unknown) => void)[] = [];
    const late = [1, 2, 3].map(() => run(() => new Promise((_, reject) => broken.push(reject))));
    await outages(5);
    for (const reject of broken) reject(outage);
    await Promise.allSettled(late);
    pass(1_000);
    expect(breaker.state).toBe('half_open');
  });
});

/** A call that ends when told to. */
function held() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, work: () => ended.then(() => 'ok') };
}

describe('the bulkhead', () => {
  it('runs so many calls at once and the rest in turn', async () => {
    const bulkhead = new Bulkhead('lab', 2);
    const calls = [held(), held(), held()];
    let begun = 0;
    const results = calls.map(({ work }) =>
      bulkhead.run(
        () => {
          begun += 1;
          return work();
        },
        1_000,
        undefined,
      ),
    );
    await Promise.resolve();
    await expect.poll(() => begun).toBe(2);
    calls[0]!.end();
    await expect.poll(() => begun).toBe(3);
    for (const { end } of calls) end();
    await expect(Promise.all(results)).resolves.toEqual(['ok', 'ok', 'ok']);
  });

  it('refuses what does not even find room to wait', async () => {
    const bulkhead = new Bulkhead('lab', 1);
    const { work, end } = held();
    const calls = Array.from({ length: 257 }, () => bulkhead.run(work, 60_000, undefined));
    await expect(bulkhead.run(work, 60_000, undefined)).rejects.toMatchObject({ code: 'overloaded' });
    end();
    await Promise.all(calls);
  });

  it('refuses what has waited too long, and never begins it', async () => {
    const bulkhead = new Bulkhead('lab', 1);
    const { work, end } = held();
    const first = bulkhead.run(work, 1_000, undefined);
    let begun = false;
    const second = bulkhead.run(
      async () => {
        begun = true;
      },
      10,
      undefined,
    );
    await expect(second).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    end();
    await first;
    await bulkhead.run(ok, 1_000, undefined);
    expect(begun).toBe(false);
  });

  it('lets go of a caller who leaves while waiting', async () => {
    const bulkhead = new Bulkhead('lab', 1);
    const { work, end } = held();
    const first = bulkhead.run(work, 1_000, undefined);
    const caller = new AbortController();
    const second = bulkhead.run(work, 1_000, caller.signal);
    caller.abort(left);
    await expect(second).rejects.toBe(left);
    end();
    await first;
  });
});

describe('the guard', () => {
  it('does not send what waited in the queue while vCenter went down', async () => {
    const guard = new Guard(new Breaker({ name: 'lab' }), new Bulkhead('lab', 1));
    let sent = 0;
    const call = () =>
      guard.run(
        () => {
          sent += 1;
          return Promise.reject(outage);
        },
        1_000,
        undefined,
      );
    const ends = await Promise.allSettled(Array.from({ length: 50 }, call));
    expect(sent).toBe(5);
    expect(ends.filter((end) => end.status === 'rejected' && end.reason instanceof GatewayError)).toHaveLength(45);
  });

  it('takes the end of a call whose caller has left for no news of vCenter, whatever the error says', async () => {
    const breaker = new Breaker({ name: 'lab', threshold: 1 });
    const guard = new Guard(breaker, new Bulkhead('lab', 1));
    const caller = new AbortController();
    const call = guard.run(
      async () => {
        caller.abort();
        throw outage;
      },
      1_000,
      caller.signal,
    );
    await expect(call).rejects.toBe(outage);
    expect(breaker.state).toBe('closed');
  });
});
