"""GETs by a thread pool, a session of requests for each thread: gets_requests.py URL COUNT THREADS"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

url, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
own = threading.local()


def get(n):
    if not hasattr(own, "session"):
        own.session = requests.Session()
    response = own.session.get(url, params={"n": n})
    return response.status_code, len(response.content)


with ThreadPoolExecutor(threads) as pool:
    results = list(pool.map(get, range(1, count + 1)))
sys.exit(0 if all(status == 200 for status, _ in results) else 1)
