/** vm.answer: VirtualMachine.AnswerVM. */
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import { operation } from '../../operation.ts';
import { resolveOne } from '../resolve.ts';
import { vmRef } from '../shapes.ts';
import { targetOf, untilInventory } from '../start-task.ts';

export default operation({
  name: 'vm.answer',
  summary: 'Answer the question that a virtual machine waits for',
  description:
    'Answers the question for which a VM stands still, e.g. whether it was moved or copied. vm.get shows question with its id and choices. The wrong choice can power it off: read the text first. Proved on a stub only.',
  http: 'POST /v1/vms/{vm}/answer',
  scope: 'operate',
  danger: 'disruptive',
  toolset: 'vm',
  availability: 'any',
  input: z.strictObject({
    vm: vmRef,
    question: z.string().min(1).max(256).describe('Id of the question, from vm.get'),
    choice: z.string().min(1).max(256).describe('Key of the choice, from vm.get'),
  }),
  output: z.strictObject({
    id: z.string().describe('Id of the VM'),
    name: z.string().describe('Name of the VM'),
    question: z.string().describe('Id of the question'),
    choice: z.string().describe('Key of the choice'),
    label: z.string().describe('The choice in words'),
  }),
  examples: [{ title: 'I moved it', input: { vm: 'web-01', question: '2', choice: '1' } }],
})
  .plan((input, context) => {
    const vm = resolveOne('vm', input.vm, context);
    const { question } = vm;
    if (question === null) throw new GatewayError('invalid_state', `'${vm.name}' waits for no answer.`);
    if (question.id !== input.question) {
      throw new GatewayError(
        'invalid_state',
        `'${vm.name}' waits for the answer to question '${question.id}', not '${input.question}'. Read it with vm.get.`,
      );
    }
    const choice = question.choices.find(({ key }) => key === input.choice);
    if (choice === undefined) {
      const choices = question.choices.map(({ key, label }) => `'${key}' (${label})`).join(', ');
      throw new GatewayError('invalid_input', `The choices are ${choices}.`, {
        errors: [{ pointer: '/choice', message: 'Not a choice of this question' }],
      });
    }
    const args = { questionId: question.id, answerChoice: choice.key };
    return {
      targets: [{ id: vm.id, name: vm.name }],
      calls: [{ method: 'AnswerVM', object: vm.id, arguments: args }],
      impact: `'${vm.name}' goes on with the answer '${choice.label}'.`,
      step: { vm, args, label: choice.label },
    };
  })
  .run(async ({ step: { vm, args, label } }, _input, context) => {
    const self = { $type: vm.type, value: vm.moref };
    await targetOf(context, vm.vcenter).session('requests').call('AnswerVM', self, args);
    await untilInventory(context, () => context.inventory.get('vm', vm.id)?.question?.id !== args.questionId);
    return { id: vm.id, name: vm.name, question: args.questionId, choice: args.answerChoice, label };
  });
