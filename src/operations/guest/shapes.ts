/** The fields that calls into a guest share. */
import { z } from 'zod';
import { vmRef } from '../shapes.ts';

/** What every call into a guest takes. */
export const guestFields = {
  vm: vmRef,
  username: z.string().min(1).max(256).describe('User of the guest operating system, e.g. root or DOMAIN\\user'),
  password: z
    .string()
    .max(1024)
    .describe('Secret: password of that user in the guest. Used for this call alone, never kept or logged')
    .meta({ secret: true }),
};

export const guestPath = (what: string) =>
  z.string().min(1).max(4096).describe(`${what}, an absolute path in the guest`);
