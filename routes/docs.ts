/** The description of the API, and a page to read and try it: `/openapi.yaml`, `/openapi.json`, `/docs`. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { stringify } from 'yaml';

interface DocsOptions {
  document: Record<string, unknown>;
}

/** Registers the documents; no key is needed for them. */
export async function docsRoutes(app: FastifyInstance, { document }: DocsOptions): Promise<void> {
  const yaml = stringify(document, { aliasDuplicateObjects: false });
  const json = JSON.stringify(document);
  app.get('/openapi.yaml', async (_request, reply) => reply.type('application/yaml; charset=utf-8').send(yaml));
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(json));
  // The document type of @fastify/swagger knows OpenAPI 3.1 only in part; ours is checked by its own tests.
  await app.register(swagger, { mode: 'static', specification: { document: document as never } });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { persistAuthorization: true, docExpansion: 'list' },
  });
}
