"""A web application that behaves as its release says, in place of a BEAM: it starts at once and needs no build.

Most of the cost of a start is imports, and tests start it some thousand times: there is no http.server here.
"""

import json
import os
import signal
import socket
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
RELEASE = os.path.basename(ROOT)
PORT = int(os.environ.get("PORT", "4001"))
with open(ROOT + "/lib/way.json") as way:
    WAY = json.load(way)
if WAY.get("only", PORT) != PORT or WAY.get("only_host", socket.gethostname()) != socket.gethostname():
    WAY = {}


def answer(connection):
    """One request, one answer, whatever is asked for."""
    with connection:
        request = b""
        while b"\r\n\r\n" not in request:
            more = connection.recv(4096)
            if not more:
                return
            request += more
        if WAY.get("hang"):
            time.sleep(3600)
        hosts = [line[5:].strip() for line in request.decode("latin-1").split("\r\n") if line.lower().startswith("host:")]
        body = json.dumps({"status": WAY.get("body", "ok"), "release": RELEASE, "greeting": os.environ.get("GREETING"), "host": (hosts + [None])[0]}).encode()
        status = WAY.get("status", 200)
        elsewhere = "Location: /elsewhere\r\n" if 300 <= status < 400 else ""
        connection.sendall(f"HTTP/1.0 {status} as asked for\r\n{elsewhere}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def serve(connection):
    try:
        answer(context.wrap_socket(connection, server_side=True) if context else connection)
    except OSError:
        pass  # whoever asked is gone


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
context = None
if "certificate" in WAY:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ROOT + "/lib/" + WAY["certificate"])
server = socket.create_server(("", port))
print(f"light: {RELEASE} listens on {port}", flush=True)
tell_ready()
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
