"""Does what a plan says over TLS and notes the bytes as it sent and received them: client.py MODE PLAN NOTES CA

MODE: `threads` (blocking sockets, SSL with a descriptor) or `asyncio` (TLS in memory, sockets of the event loop).
PLAN: {"atOnce": n, "until": file, "connections": [{"port", "name", "requests": [{"writes": [bytes, ...], "answer", "pieces", "until"}]}]}
Each request is a POST of exactly sum(writes) bytes, head included, in as many writes; after one with `until` nothing is done until that file
is there.
"""
import asyncio, concurrent.futures, hashlib, json, os, ssl, socket, sys, time

mode, plan_file, notes_file, ca = sys.argv[1:5]
with open(plan_file) as file:
    plan = json.load(file)
context = ssl.create_default_context(cafile=ca)
if plan.get("until"):
    print("waits", flush=True)
    while not os.path.exists(plan["until"]):
        time.sleep(0.005)
letters = bytes(97 + i % 26 for i in range(1 << 16))


def parts_of(name, request):
    """The bytes of each write."""
    total = sum(request["writes"])
    more = ""
    if request.get("answer", 2) != 2:
        more += f"x-answer:{request['answer']}\r\n"
    if request.get("pieces", 1) != 1:
        more += f"x-pieces:{request['pieces']}\r\n"
    path = "/v1/messages" + (f"?c={name}" if name else "")
    head = f"POST {path} HTTP/1.1\r\nhost:x\r\n{more}content-length:%09d\r\n\r\n"
    length = total - len(head % 0)
    if length < 0:
        raise ValueError(f"{total} bytes are too few")
    head = (head % length).encode()
    seed = sum(name.encode()) if name else total
    body = (letters[seed % 26:] * (length // (len(letters) - 26) + 1))[:length]
    whole, parts, at = head + body, [], 0
    for size in request["writes"]:
        parts.append(whole[at:at + size])
        at += size
    return parts


class Note:
    def __init__(self, connection):
        self.connection = connection
        self.sent, self.received = hashlib.sha256(), hashlib.sha256()
        self.sent_bytes = self.received_bytes = 0

    def add_sent(self, data):
        self.sent.update(data)
        self.sent_bytes += len(data)

    def add_received(self, data):
        self.received.update(data)
        self.received_bytes += len(data)

    def done(self, local):
        return {
            "name": self.connection.get("name", ""), "local": local, "remote": self.connection["port"],
            "sent": self.sent.hexdigest(), "received": self.received.hexdigest(),
            "sentBytes": self.sent_bytes, "receivedBytes": self.received_bytes,
        }


def left_of(buffer):
    """Bytes that are missing from an answer, or None while its head is not there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = next(int(line[15:]) for line in bytes(buffer[:end]).lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return end + 4 + length - len(buffer)


def blocking(connection):
    note = Note(connection)
    with socket.create_connection(("127.0.0.1", connection["port"])) as raw:
        local = raw.getsockname()[1]
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            for request in connection["requests"]:
                for part in parts_of(connection.get("name"), request):
                    tls.sendall(part)
                    note.add_sent(part)
                head, missing = bytearray(), None
                while missing is None or missing > 0:
                    data = tls.recv(1 << 16)
                    if not data:
                        raise EOFError("the server hung up")
                    note.add_received(data)
                    if missing is None:
                        head += data
                        missing = left_of(head)
                    else:
                        missing -= len(data)
                if request.get("until"):
                    print("waits", flush=True)
                while request.get("until") and not os.path.exists(request["until"]):
                    time.sleep(0.005)
    return note.done(local)


async def looping(connection, gate):
    async with gate:
        note = Note(connection)
        reader, writer = await asyncio.open_connection("127.0.0.1", connection["port"], ssl=context, server_hostname="localhost")
        local = writer.get_extra_info("sockname")[1]
        for request in connection["requests"]:
            for part in parts_of(connection.get("name"), request):
                writer.write(part)
                note.add_sent(part)
            await writer.drain()
            head, missing = bytearray(), None
            while missing is None or missing > 0:
                data = await reader.read(1 << 16)
                if not data:
                    raise EOFError("the server hung up")
                note.add_received(data)
                if missing is None:
                    head += data
                    missing = left_of(head)
                else:
                    missing -= len(data)
            if request.get("until"):
                print("waits", flush=True)
            while request.get("until") and not os.path.exists(request["until"]):
                await asyncio.sleep(0.005)
        writer.close()
        try:
            await writer.wait_closed()
        except ssl.SSLError:
            pass
        return note.done(local)


async def all_looping():
    gate = asyncio.Semaphore(plan.get("atOnce", 1))
    return await asyncio.gather(*(looping(one, gate) for one in plan["connections"]))


if mode == "asyncio":
    notes = asyncio.run(all_looping())
else:
    with concurrent.futures.ThreadPoolExecutor(plan.get("atOnce", 1)) as pool:
        notes = list(pool.map(blocking, plan["connections"]))
with open(notes_file, "w") as file:
    json.dump(notes, file)
print("done", len(notes))
