/** The catalogue as MCP tools: what each looks like, and one call of one. */
import {
  type CallToolRequestParams,
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server';
import { type Caller, hasScope } from '../../src/access/caller.ts';
import { type Catalogue, toolName } from '../../src/catalogue.ts';
import { toJson } from '../../src/encode.ts';
import { toGatewayError, toProblem } from '../../src/errors.ts';
import type { Invoke } from '../../src/invoke.ts';
import type { Operation } from '../../src/operation.ts';
import type { Incoming } from './incoming.ts';
import { type ProgressSource, reportProgress } from './progress.ts';
import { checkSize, problemText, resultText } from './text.ts';

/** Where an error result holds its problem, beside the text. */
export const PROBLEM_META = 'vsphere-gateway/problem';

function describe(operation: Operation): Tool {
  const { name, summary, description, kind, danger, schemas } = operation;
  return {
    name: toolName(name),
    title: summary,
    description,
    inputSchema: { ...schemas.input, type: 'object' },
    outputSchema: { ...schemas.output, type: 'object' },
    annotations: {
      title: summary,
      readOnlyHint: kind === 'read',
      destructiveHint: kind === 'write' && danger !== 'safe',
      idempotentHint: kind === 'read',
      openWorldHint: false,
    },
  };
}

export interface Tools {
  /** In the order of the catalogue: what the caller's scopes allow. */
  list(caller: Caller): Tool[];
  /** Errors of operations are results with `isError`; only an unknown tool is an error of the protocol. */
  call(params: CallToolRequestParams, context: ServerContext, incoming: Incoming): Promise<CallToolResult>;
}

function success(result: object): CallToolResult {
  const json = toJson(result);
  const text = resultText(result, json);
  checkSize(json, text);
  // Results are JSON objects; the SDK asks for that in its own words.
  return { content: [{ type: 'text', text }], structuredContent: result as Record<string, unknown> };
}

function failure(thrown: unknown, operation: Operation, { requestId, log }: Incoming): CallToolResult {
  const error = toGatewayError(thrown);
  if (error.status >= 500) log.error({ err: error.cause ?? error, operation: operation.name }, error.message);
  const problem = toProblem(error, requestId);
  return { isError: true, content: [{ type: 'text', text: problemText(problem) }], _meta: { [PROBLEM_META]: problem } };
}

/** Describes every operation once. */
export function buildTools(catalogue: Catalogue, invoke: Invoke, tasks: ProgressSource): Tools {
  const entries = catalogue.operations.map((operation) => ({ operation, tool: describe(operation) }));
  return {
    list: (caller) => entries.filter(({ operation }) => hasScope(caller, operation.scope)).map(({ tool }) => tool),

    async call({ name, arguments: input }, { mcpReq }, incoming) {
      const operation = catalogue.byToolName(name);
      if (operation === undefined) {
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `There is no tool '${name.slice(0, 64)}'; tools/list has them all.`,
        );
      }
      const { caller, requestId } = incoming;
      // In the newer protocol the signal also fires after a normal end; nothing here outlives the call.
      const { id, signal, notify, _meta } = mcpReq;
      const stop = reportProgress(tasks, incoming, _meta?.progressToken, notify);
      try {
        const { result } = await invoke(operation, input, { caller, door: 'mcp', requestId, signal });
        return success(result);
      } catch (error) {
        return failure(error, operation, incoming);
      } finally {
        stop();
        if (signal.aborted) incoming.abandon(id);
      }
    },
  };
}
