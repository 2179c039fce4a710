/** In a process of its own: Fastify with two routes that send texts it was given, and nothing else. */
import Fastify from 'fastify';
import { input, serving } from '../support/child.mjs';

const { list, vms } = await input();
const app = Fastify();
const bodies = new Map(Object.entries(vms));
const TYPE = 'application/json; charset=utf-8';
app.get('/v1/vms', async (_request, reply) => reply.type(TYPE).send(list));
app.get('/v1/vms/:vm', async (request, reply) => reply.type(TYPE).send(bodies.get(request.params.vm)));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
serving({ url }, () => app.close());
