// SPDX-License-Identifier: BSD-2-Clause
// Two workers of node's cluster serve a socket that the first process hands to them: prints how many answers came, and how
// many workers gave some.
const cluster = require('cluster');
const http = require('http');

const PORT = 8123;

function ask(left, seen) {
  http.get({ port: PORT, agent: false }, (answer) => {
    answer.setEncoding('utf8');
    answer.on('data', (text) => seen.push(text));
    answer.on('end', () => {
      if (left > 1)
        return ask(left - 1, seen);
      console.log(`${seen.length} answers, ${new Set(seen).size} workers`);
      Object.values(cluster.workers).forEach((worker) => worker.kill());
    });
  });
}

if (cluster.isPrimary) {
  let listening = 0;
  cluster.fork();
  cluster.fork();
  cluster.on('listening', () => ++listening === 2 && ask(8, []));
} else {
  http.createServer((request, answer) => answer.end(String(process.pid))).listen(PORT);
}
