import { result, Story, user } from '../processors/correlate/story.ts';

const ROUNDS = 250;
const TOOLS = 4;

/** Three bytes a character in UTF-8: a limit in characters is none in bytes. */
const words = (n: number): string => '変更を保存して検査を実行する。'.repeat(Math.ceil(n / 15)).slice(0, n);
const folder = `/srv/app/${'a-long-name-of-a-folder/'.repeat(160)}`;

/**
 * One turn of an agent that works for very long without asking its user: 250 model calls, 1,000 commands, each of which writes a file with a
 * path of 3,900 bytes, 7 MB of arguments and results. As JSON lines of decoded events.
 */
export function longTurn(): string {
  const story = new Story();
  const agent = 10;
  let results: { readonly id: string; readonly text: string }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    story.wait(20);
    const parts = results.map(({ id, text }) => ({ type: 'tool_call_response' as const, id, response: text }));
    story.event('ai.request', agent, {
      request_id: `q${round}`,
      provider: { name: 'openai' },
      model: { id: 'big-model' },
      request_type: 'chat',
      streaming: false,
      messages: round === 0 ? [user('Go through the whole tree.')] : [{ role: 'tool', parts }],
      tools_count: 3,
      ...(round > 0 && { previous_response_id: `r${round - 1}` }),
    });
    for (const { id, text } of results)
      story.event('agent.tool_result', agent, { call_id: id, request_id: `q${round}`, success: true, result: text });
    story.wait(100);
    const asked = Array.from({ length: round < ROUNDS ? TOOLS : 0 }, (_, n) => ({
      id: `t${round}-${n}`,
      name: 'shell',
      arguments: { command: `check --part ${round}-${n} --words ${words(600)}` },
    }));
    for (const [index, tool] of asked.entries()) {
      const { id, name, arguments: args } = tool;
      const data = { tool: { name }, call_id: id, arguments: args, request_id: `q${round}`, index };
      story.event('agent.tool_call', agent, data);
    }
    const content = words(800);
    const calls = asked.map((tool) => ({ type: 'tool_call' as const, ...tool }));
    story.event('ai.response', agent, {
      request_id: `q${round}`,
      provider_request_id: `r${round}`,
      provider: { name: 'openai' },
      success: true,
      status_code: 200,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content, parts: [{ type: 'text', content }, ...calls] },
          finish_reason: asked.length > 0 ? 'tool_calls' : 'stop',
        },
      ],
      tool_calls: asked,
      tool_calls_count: asked.length,
      usage: { prompt_tokens: 100, completion_tokens: 10 },
    });
    for (const [n, tool] of asked.entries()) {
      const pid = 1000 + round * TOOLS + n;
      story.exec(pid, agent, ['check', '--part', `${round}-${n}`, '--words', words(600)]);
      story.effect('file.write', pid, agent, { path: `${folder}${round}-${n}`, bytes_written: 10 });
      story.exit(pid, agent);
      results[n] = { id: tool.id, text: words(1700) };
    }
    if (asked.length === 0) results = [];
  }
  return story.events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** One turn with a program at its begin and four seconds of silence before its end: longer than Tempo waits for more of a trace. */
export function slowTurn(): string {
  const story = new Story();
  let history = [user('Wait for it.')];
  for (const [n, silence] of [500, 4000].entries()) {
    story.ask(10, `q${n}`, history);
    const args = { command: `check --part ${n}` };
    const asked = story.answer(10, `q${n}`, '', [{ id: `call_wait_${n}`, name: 'shell', arguments: args }]);
    story.exec(900 + n, 10, ['check', '--part', String(n)]);
    story.exit(900 + n, 10);
    story.wait(silence);
    history = [...history, asked, result(`call_wait_${n}`, 'all is well')];
  }
  story.ask(10, 'q2', history);
  story.answer(10, 'q2', 'All is well.');
  return story.events.map((event) => `${JSON.stringify(event)}\n`).join('');
}
