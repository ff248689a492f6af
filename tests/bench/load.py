"""A small load client: requests are bytes that were made beforehand, sent on connections that stay open.

Each connection is a thread; what a thread does is little, so that one processor carries a few thousand requests a second. Where
the client is the limit, the server's own processor time for each request says more: it is read from /proc.
"""
import json
import os
import socket
import statistics
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """Processor seconds that a process has used."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Request:
    def __init__(self, cloud, method, path, body=None, headers=None, token=True):
        data = b"" if body is None else json.dumps(body).encode()
        head = {"Host": f"{cloud.host}:{cloud.port}", "Content-Length": len(data), "Accept": "application/json", **(headers or {})}
        if token:
            head["X-Auth-Token"] = cloud.token
        if body is not None:
            head["Content-Type"] = "application/json"
        lines = [f"{method} {path} HTTP/1.1", *[f"{key}: {value}" for key, value in head.items()], "", ""]
        self.bytes = "\r\n".join(lines).encode() + data


class Connection:
    def __init__(self, cloud):
        self.socket = socket.create_connection((cloud.host, cloud.port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""

    def ask(self, request):
        """The status and the body."""
        self.socket.sendall(request.bytes)
        data = self.left
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.more()
        head = data[:end].lower()
        status, pieces, have = int(data[9:12]), [data[end + 4:]], len(data) - end - 4
        at = head.find(b"content-length:")
        length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        while have < length:
            pieces.append(self.more())
            have += len(pieces[-1])
        body = b"".join(pieces)
        self.left = body[length:]
        return status, body[:length]

    def more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


def load(cloud, pid, requests, count, connections=1):
    """Sends `count` requests, round and round; milliseconds, requests a second, processor time of the server for each."""
    took, wrong, next_number, lock = [], [], iter(range(count)), threading.Lock()

    def work():
        mine, connection = [], Connection(cloud)
        while True:
            with lock:
                number = next(next_number, None)
            if number is None or wrong:
                break
            started = time.perf_counter()
            status, body = connection.ask(requests[number % len(requests)])
            mine.append(time.perf_counter() - started)
            if status >= 300:
                wrong.append((status, body[:300]))
        took.extend(mine)

    before, started = cpu(pid), time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if wrong:
        raise AssertionError(f"{requests[0].bytes.split(b' HTTP', 1)[0].decode()}: {wrong[0]}")
    return {"p50_ms": round(statistics.median(took) * 1000, 3), "rate": round(len(took) / seconds), "cpu_ms": round((cpu(pid) - before) * 1000 / len(took), 3)}
