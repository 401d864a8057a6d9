"""GETs by a thread pool, a connection for each thread: gets_http_client.py URL COUNT THREADS"""

import http.client
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

url, count, threads = urlsplit(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
own = threading.local()


def get(n):
    if not hasattr(own, "connection"):
        own.connection = http.client.HTTPConnection(url.hostname, url.port)
    own.connection.request("GET", f"{url.path}?n={n}")
    response = own.connection.getresponse()
    return response.status, len(response.read())


with ThreadPoolExecutor(threads) as pool:
    results = list(pool.map(get, range(1, count + 1)))
sys.exit(0 if all(status == 200 for status, _ in results) else 1)
