#!/usr/bin/env python3
"""Takes OTLP over HTTP, counts posts and bytes by path, and forgets them. Ctrl-C or TERM prints the counts.   sink.py PORT"""
import collections
import http.server
import signal
import sys

counts = collections.Counter()


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        counts[self.path + " posts"] += 1
        counts[self.path + " bytes"] += len(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def stop(*_):
    print("sink:", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())), flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Sink).serve_forever()
