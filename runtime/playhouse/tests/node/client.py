"""A client in thirty lines, on nothing but sockets and the package msgpack."""
import socket, sys, msgpack

host, port = sys.argv[1].rsplit(":", 1)
link = socket.create_connection((host, int(port)), timeout=10)
unpacker, count = msgpack.Unpacker(raw=False, strict_map_key=False), 0

def call(method, *params):
    global count
    count += 1
    link.sendall(msgpack.packb([0, count, method, params[0] if params and isinstance(params[0], dict) else list(params)]))
    while True:
        for kind, number, error, result in unpacker:
            assert (kind, number) == (1, count)
            return (error, result)
        unpacker.feed(link.recv(65536) or sys.exit("the node hung up"))

def expect(got, wanted):
    assert got == wanted, f"{got!r} is not {wanted!r}"

expect(call("Door.weather"), (None, "fog here"))
expect(call("Door.weather", "there"), (None, "fog there"))
expect(call("Door.weather", {"region": "x"}), (None, "fog x"))
expect(call("harbour.Door.weigh", [{"id": 1, "weight": 2**62}, {"id": 2, "label": "tea"}]), (None, 2**62 + 1))
expect(call("Door.echo", b"\x00\xff"), (None, b"\x00\xff"))
expect(call("Door.enter", 2), ({"thrown": {"full": {"limit": 9}}}, None))
link.sendall(msgpack.packb([2, "Guest(3).bag.put", [41]]))
expect(call("Guest(3).bag.has", 41), (None, True))
expect(call("Guest(3).bag.content"), (None, [41]))
expect(call("Clerk.count"), (None, 1))
expect(call('Watch("pier").place'), (None, "pier"))
for method, params, kind in [("Door.wether", (), "NotFound"), ("Dor.weather", (), "NotFound"), ("Cellar.open", (), "Denied"),
                             ("Guest(3).said", (), "Denied"), ("Guest(x).hidden", (), "Invalid"), ("Door.weather", (7,), "Invalid"),
                             ("Door.enter", (3,), "Overloaded"), ("Door.weather", ({"regoin": "x"},), "Invalid")]:
    error, result = call(method, *params)
    assert result is None and error["kind"] == kind and error["executed"] and error["text"], (method, error)
print("all as expected")
