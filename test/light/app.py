"""A web application that behaves as its release says, in place of a BEAM: it starts at once and needs no build."""

import http.server
import json
import os
import pathlib
import signal
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT.name
WAY = json.loads((ROOT / "lib" / "way.json").read_text())


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if WAY.get("hang"):
            time.sleep(3600)
        status = WAY.get("status", 200)
        body = json.dumps({"status": WAY.get("body", "ok"), "release": RELEASE, "greeting": os.environ.get("GREETING"), "host": self.headers.get("Host")}).encode()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def end(after, code):
    time.sleep(after)
    print(f"light: exits with {code} as its release says", flush=True)
    os._exit(code)


print(f"light: {RELEASE} starts", flush=True)
if "exit" in WAY:
    threading.Thread(target=end, args=(WAY.get("after", 0), WAY["exit"]), daemon=True).start()
    if WAY.get("after", 0) == 0:
        time.sleep(5)
time.sleep(WAY.get("boot", 0))
port = WAY.get("port", int(os.environ.get("PORT", "4001")))
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
if "certificate" in WAY:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ROOT / "lib" / WAY["certificate"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"light: {RELEASE} listens on {port}", flush=True)
server.serve_forever()
