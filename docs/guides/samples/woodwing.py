# WEBHOOK_SECRET=… PORT=3000 python3 woodwing.py
import hashlib, hmac, json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The token as it is, not decoded: it only looks like base64.
SECRET_TOKEN = os.environ["WEBHOOK_SECRET"].encode()


def is_genuine(body: bytes, headers) -> bool:
    wanted = hmac.new(SECRET_TOKEN, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(headers.get("x-hook-signature", "").encode(), wanted.encode())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        genuine = is_genuine(body, self.headers)
        self.send_response(204 if genuine else 400)
        self.send_header("content-length", "0")
        self.end_headers()
        if genuine:
            event = json.loads(body)
            print(event["type"], event.get("assetId"), flush=True)


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
