"""Is stuck inside a call of the TLS library: stuck.py read|write PORT CA. `write` sends to a server that takes nothing."""
import socket, ssl, sys

mode, port, ca = sys.argv[1:4]
context = ssl.create_default_context(cafile=ca)
tls = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname="localhost")
head = b"POST /v1/messages HTTP/1.1\r\nhost:x\r\nx-stall:1\r\ncontent-length:999999999\r\n\r\n"
tls.sendall(head + b"mark" * 100)
print("stuck", flush=True)
if mode == "read":
    tls.recv(1)
else:
    tls.sendall(bytes(64 << 20))
