"""Connections one after the other that live at the same address: reuse.py new|clear COUNT PORT [PORT]...

`new` frees the SSL object and makes another, `clear` takes the same one again (SSL_clear). Prints how many addresses the objects had and a
hash of what was received.
"""
import ctypes, hashlib, socket, sys

mode, count, ports = sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]
lib = ctypes.CDLL("libssl.so.3")
pointer = ctypes.c_void_p
for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
    getattr(lib, name).restype = pointer
call = {name: getattr(lib, name) for name in ("SSL_set_fd", "SSL_connect", "SSL_write", "SSL_read", "SSL_free", "SSL_clear", "SSL_shutdown")}
context = pointer(lib.SSL_CTX_new(pointer(lib.TLS_client_method())))
buffer = ctypes.create_string_buffer(65536)
addresses, received, ssl = set(), hashlib.sha256(), None
for i in range(count):
    port = ports[i % len(ports)]
    sock = socket.create_connection(("127.0.0.1", port))
    if ssl is None:
        ssl = pointer(lib.SSL_new(context))
    addresses.add(ssl.value)
    call["SSL_set_fd"](ssl, sock.fileno())
    if call["SSL_connect"](ssl) != 1:
        sys.exit("no handshake")
    body = f"{port}-{i};".encode() * 20
    text = f"POST /v1/messages?c={port}-{i} HTTP/1.1\r\nhost:x\r\ncontent-length:{len(body)}\r\n\r\n".encode() + body
    if call["SSL_write"](ssl, text, len(text)) != len(text):
        sys.exit("not written")
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.split(b"\r\n\r\n", 1)[1]) < 2:
        n = call["SSL_read"](ssl, buffer, len(buffer))
        if n <= 0:
            sys.exit("not read")
        answer += buffer.raw[:n]
    received.update(answer.split(b"\r\n\r\n", 1)[1])
    call["SSL_shutdown"](ssl)
    if mode == "new":
        call["SSL_free"](ssl)
        ssl = None
    else:
        call["SSL_clear"](ssl)
    sock.close()
print(len(addresses) < count / 10, received.hexdigest())
