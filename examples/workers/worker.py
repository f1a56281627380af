"""A worker in Python, with the standard library alone.

    MOTET_SERVER=http://localhost:7080 python3 worker.py print-label

It takes jobs of one type, several at a time, tells now and then that it is alive, and completes or fails each.
"""

import json
import os
import sys
import threading
import urllib.error
import urllib.request

SERVER = os.environ.get("MOTET_SERVER", "http://127.0.0.1:7080")
NAME = f"worker.py-{os.getpid()}"


def post(path, body, timeout=90):
    request = urllib.request.Request(
        f"{SERVER}/api/v1/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def do(job):
    """The work itself: an output, or an exception. `job["idempotencyKey"]` is the same for every attempt."""
    if job["input"].get("id") is None:
        raise ValueError("an order without an id has no label")
    return {"label": f"L-{job['input']['id']}", "by": "python"}


def keep(job, done):
    while not done.wait(5):
        if post(f"jobs/{job['id']}/heartbeat", {"worker": NAME})["cancelled"]:
            return


def handle(job):
    done = threading.Event()
    threading.Thread(target=keep, args=(job, done), daemon=True).start()
    try:
        try:
            post(f"jobs/{job['id']}/complete", {"output": do(job), "worker": NAME})
        except ValueError as error:
            post(f"jobs/{job['id']}/fail", {"error": str(error), "retries": 0, "worker": NAME})
    except urllib.error.HTTPError as error:
        # 409 and 410: somebody was faster, or nobody waits for it any more.
        print(f"{job['id']}: {error.read().decode()}", file=sys.stderr)
    finally:
        done.set()


while True:
    asked = {"worker": NAME, "maxJobs": 8, "timeout": "30s", "wait": "30s"}
    for job in post(f"jobs/{sys.argv[1]}/activate", asked)["jobs"]:
        handle(job)
