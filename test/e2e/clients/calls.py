"""Sends model calls with the standard library: calls.py CALLS PORT CA. CALLS: [{"host", "path", "body", "answer"}]; the bodies of the answers
go into the files named `answer`, as they came."""
import http.client, json, socket, ssl, sys

calls, port, ca = sys.argv[1:4]
context = ssl.create_default_context(cafile=ca)


class Local(http.client.HTTPSConnection):
    """The host by its name in handshake and head, at this machine's address."""

    def connect(self):
        self.sock = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname=self.host)


with open(calls) as file:
    for call in json.load(file):
        connection = Local(call["host"])
        connection.request("POST", call["path"], call["body"], {"content-type": "application/json", "authorization": "Bearer sk-x"})
        response = connection.getresponse()
        with open(call["answer"], "wb") as out:
            while part := response.read1(512):
                out.write(part)
        connection.close()
