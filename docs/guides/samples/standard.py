# WEBHOOK_SECRET=whsec_… PORT=3000 python3 standard.py
import base64, hashlib, hmac, json, os, re, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Two secrets, separated by a blank, while one is being replaced.
SECRETS = os.environ["WEBHOOK_SECRET"].split(" ")
TOLERANCE_SECONDS = 300


def is_genuine(body: bytes, headers) -> bool:
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not message_id or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    for secret in SECRETS:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(entry.encode(), wanted) for entry in signatures.split(" ")):
            return True
    return False


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        # The raw bytes: parse only after they are verified.
        body = self.rfile.read(int(self.headers["content-length"]))
        genuine = is_genuine(body, self.headers)
        self.send_response(204 if genuine else 400)
        self.send_header("content-length", "0")
        self.end_headers()
        if genuine:
            event = json.loads(body)
            print(event["type"], event["data"]["subject"]["id"], flush=True)


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
