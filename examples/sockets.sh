#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# sockets.sh - a web server and its client with a TCP/IP stack of their own
#
# Both use port 80 without being root. The host sees none of their packets, and its own server on
# that port, if it has one, is not in the way.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/../build/bin:$here/../../../../bin:$PATH

rump run -n none -- python3 - <<'END'
import http.server, socket, threading, urllib.request

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f'{socket.gethostname()} got {self.path} from {self.client_address[0]}\n'.encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 80), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen('http://127.0.0.1/a/page', timeout=10).read().decode(), end='')
server.shutdown()
END

if ss -Hltn 'sport = :80' 2>/dev/null | grep -q .; then
	echo 'The host has a server on port 80, which noticed nothing.'
else
	echo 'The host has no server on port 80.'
fi
