import { bash, tool, webFetch } from '../simulator/effects.mjs';
export default {
  about: 'URLs that redirect to other hosts, hosts without a scheme, a search service that no argument names',
  run(s) {
    const a = s.agent({ own: true }),
      n = s.hex(4);
    a.turn(s.text(), (t) => t.answer());
    a.turn(s.text(), (t) => {
      t.call({
        tools: [
          tool('WebFetch', { url: `http://go-${n}.example.org/x`, prompt: 'Sum up' }, (x) => {
            x.wait(3).connect(`go-${n}.example.org`, 80);
            x.wait(80).connect(`www.go-${n}.example.org`);
            x.wait(60);
          }),
        ],
      });
      t.call({
        tools: [
          tool('fetch', { url: `https://short-${n}.example.net/a` }, (x) => {
            x.wait(3).connect(`short-${n}.example.net`);
            x.wait(90).connect(`long-${n}.example.com`);
            x.wait(70);
          }),
        ],
      });
      t.call({
        tools: [
          tool('browser_navigate', { host: `plain-${n}.example.org` }, (x) => {
            x.wait(2).connect(`plain-${n}.example.org`);
            x.wait(40);
          }),
          webFetch(`https://also-${n}.example.org/`),
        ],
      });
      t.call({
        tools: [
          tool('web_search', { query: `weather ${n}` }, (x) => {
            x.wait(4).connect(`search-${n}.example.com`);
            x.wait(120);
          }),
        ],
      });
      t.call({ tools: [bash(`git clone git@code-${n}.example.org:team/repo.git`)] });
      t.answer();
    });
    a.exit();
  },
};
