"""The service that the examples of this book call, at http://localhost:18080. Standard library only.

POST /payments {order, amount}   201; above 1,000 it answers 402
GET  /stock/tea                  200; articles: tea, coffee
any  /flaky                      503 twice for each idempotency key, then 200
any  /down  /hang  /old          503; silence; a redirect to /stock/tea
any  /echo  /text                what arrived; a text
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

STOCK = {"tea": 12, "coffee": 3}
answers, arrivals, payments = {}, {}, []


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        self.key = self.headers.get("Idempotency-Key", "")
        self.text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.key not in answers:
            status, body = self.answer(*self.path.split("?")[0].split("/")[1:])
            if status >= 300 or not self.key:
                return self.send(status, body)
            # The same key gets the same answer: the work is done once.
            answers[self.key] = status, body
        self.send(*answers[self.key])

    def answer(self, name, article=None):
        arrivals[self.key] = arrivals.get(self.key, 0) + 1
        if name == "payments":
            asked = json.loads(self.text)
            if asked["amount"] > 1000:
                return 402, {"error": "card declined"}
            payments.append(asked)
            return 201, {"payment": f"pay-{len(payments)}", "order": asked.get("order")}
        if name == "stock" and article in STOCK:
            return 200, {"sku": article, "available": STOCK[article]}
        if name == "flaky":
            count = arrivals[self.key]
            return (200, {"arrivals": count}) if count > 2 else (503, {"error": "busy"})
        if name == "echo":
            headers = {key.lower(): value for key, value in sorted(self.headers.items()) if key.lower() != "host"}
            return 200, {"method": self.command, "path": self.path, "headers": headers, "body": self.text}
        if name == "hang":
            Event().wait()
        others = {"down": (503, {"error": "down"}), "old": (302, {"error": "moved"}), "text": (200, "12 in stock")}
        return others.get(name, (404, {"error": "no such article" if name == "stock" else "nothing here"}))

    def send(self, status, body):
        is_text = isinstance(body, str)
        content = (body if is_text else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if is_text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == 302:
            self.send_header("Location", "/stock/tea")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve


ThreadingHTTPServer(("127.0.0.1", 18080), Service).serve_forever()
