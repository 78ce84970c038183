import { type JudgeInput, judgeByPolicy } from '../../core/judge.ts';
import type { Verdict } from '../../core/verdict.ts';

/** Standard Webhooks leaves nothing that the policy cannot say: 2xx, 410, `Retry-After`, everything else again later. */
export function judge(input: JudgeInput): Verdict {
  return judgeByPolicy(input);
}
