import fs from 'node:fs';
import http from 'node:http';
import { note } from './note.mjs';

const pages = { '/': 'src/page.html', '/guide': 'docs/guide.md', '/limits': 'docs/limits.md' };
const server = http.createServer((request, response) => {
  const page = pages[request.url];
  console.log(request.method, request.url);
  if (page) response.end(fs.readFileSync(page));
  else response.writeHead(404).end();
});
server.listen(0, '127.0.0.1', () => {
  note({ server: true, files: [{ path: `${fs.realpathSync('.')}/preview.url`, op: 'write' }] });
  fs.writeFileSync('preview.url', `http://127.0.0.1:${server.address().port}/\n`);
});
