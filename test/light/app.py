"""A web application that behaves as its release says, in place of a BEAM: it starts at once and needs no build."""

import http.server
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT.name
PORT = int(os.environ.get("PORT", "4001"))
WAY = json.loads((ROOT / "lib" / "way.json").read_text())
if WAY.get("only", PORT) != PORT or WAY.get("only_host", socket.gethostname()) != socket.gethostname():
    WAY = {}


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


def end():
    time.sleep(WAY.get("after", 0))
    if "signal" in WAY:
        print(f"light: is killed by {WAY['signal']} as its release says", flush=True)
        os.kill(os.getpid(), WAY["signal"])
    print(f"light: exits with {WAY['exit']} as its release says", flush=True)
    os._exit(WAY["exit"])


def tell_ready():
    """Type=notify: systemd then takes a unit for active when its program says so."""
    where = os.environ.get("NOTIFY_SOCKET")
    if where and not WAY.get("silent"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"READY=1", "\0" + where[1:] if where[0] == "@" else where)


print(f"light: {RELEASE} starts", flush=True)
if "exit" in WAY or "signal" in WAY:
    if WAY.get("after", 0) == 0:
        end()
    threading.Thread(target=end, daemon=True).start()
time.sleep(WAY.get("boot", 0))
port = WAY.get("port", PORT)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
if "certificate" in WAY:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ROOT / "lib" / WAY["certificate"])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"light: {RELEASE} listens on {port}", flush=True)
tell_ready()
server.serve_forever()
