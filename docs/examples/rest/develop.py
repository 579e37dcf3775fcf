"""Imports a folder and develops it through a server that runs.

python develop.py http://localhost:5100 /path/to/photos
"""

import json
import sys
import time
import urllib.request
import uuid


def ask(method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(server + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


server, folder = sys.argv[1].rstrip("/"), sys.argv[2]

imported = ask("POST", "/photos/import", {"folders": [folder]})
print(imported["imported"], "photos are new")

wanted = {"selection": {"folder": folder}, "config": {"preset": "warm-portrait", "output": {"size": 2048}}}
started = ask("POST", "/batch/start", wanted, **{"Idempotency-Key": str(uuid.uuid4())})
batch = started["batch_id"]

while (status := ask("GET", f"/batch/{batch}/status"))["status"] == "running":
    time.sleep(0.5)

print(status["status"], status["processed_count"], "developed,", status["failed_count"], "failed")
