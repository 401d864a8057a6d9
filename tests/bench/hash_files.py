"""SHA-256 of every file of a directory by a thread pool, as JSON: hash_files.py DIRECTORY OUTPUT"""

import glob
import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor


def read(path):
    with open(path, "rb") as file:
        content = file.read()
    return {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


with ThreadPoolExecutor(8) as pool:
    results = list(pool.map(read, sorted(glob.glob(f"{sys.argv[1]}/*"))))
with open(sys.argv[2], "w") as file:
    file.write(json.dumps(results))
