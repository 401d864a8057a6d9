"""Queries by a thread pool, a connection of psycopg2 for each thread: queries_psycopg2.py URL COUNT THREADS"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg2

url, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
own = threading.local()


def query(n):
    if not hasattr(own, "connection"):
        own.connection = psycopg2.connect(url)
        own.connection.set_session(readonly=True, autocommit=True)
    with own.connection.cursor() as cursor:
        cursor.execute("select %s::int as n", (n,))
        return cursor.fetchall()[0][0]


with ThreadPoolExecutor(threads) as pool:
    results = list(pool.map(query, range(1, count + 1)))
sys.exit(0 if results == list(range(1, count + 1)) else 1)
