"""Registers a service with Motet by a client of Consul, says that it is well, and watches who comes and goes.

    pip install py-consul
    python watch.py HOST PORT
"""

import sys
import threading

import consul

SERVICE = "py-payments"


def main(host, port):
    client = consul.Consul(host=host, port=port)
    assert client.agent.self()["Config"]["NodeName"] == "motet"
    register(client, "py-1", 8081)
    assert ids(client)[1] == [], "it has said nothing yet"
    client.agent.check.ttl_pass("service:py-1", notes="up")
    index, found = ids(client)
    assert found == ["py-1"], found
    _, nodes = client.health.service(SERVICE)
    service = nodes[0]["Service"]
    assert (service["Address"], service["Port"]) == ("127.0.0.1", 8081), service
    assert (service["Tags"], service["Meta"]) == (["version=1.0.0"], {"team": "money"}), service
    _, names = client.catalog.services()
    assert names[SERVICE] == ["version=1.0.0"], names

    # A second one comes, says that it is well, and leaves: each query waits for what is after its index.
    other = consul.Consul(host=host, port=port)
    index = after(client, index, lambda: register(other, "py-2", 8082), ["py-1"])
    index = after(client, index, lambda: other.agent.check.ttl_pass("service:py-2"), ["py-1", "py-2"])
    index = after(client, index, lambda: other.agent.service.deregister("py-2"), ["py-1"])

    # What nobody changes is answered when the time is over, with the same index.
    assert ids(client, index=index, wait="100ms") == (index, ["py-1"])
    client.agent.check.ttl_fail("service:py-1")
    assert ids(client)[1] == []
    client.agent.service.maintenance("py-1", True, "disk")
    client.agent.service.maintenance("py-1", False)
    client.agent.service.deregister("py-1")
    assert client.health.service(SERVICE)[1] == []
    # Who has left has to register again.
    assert not client.agent.check.ttl_pass("service:py-1")
    print("py-consul: registered, watched and left")


def register(client, service_id, port):
    client.agent.service.register(
        SERVICE,
        service_id=service_id,
        address="127.0.0.1",
        port=port,
        tags=["version=1.0.0"],
        meta={"team": "money"},
        weights={"Passing": 2, "Warning": 1},
        check=consul.Check.ttl("30s"),
    )


def ids(client, **options):
    index, nodes = client.health.service(SERVICE, passing=True, **options)
    return int(index), [node["Service"]["ID"] for node in nodes]


def after(client, index, change, expected):
    """Begins to wait, changes something, and gives the index of the answer, which has these endpoints."""
    threading.Timer(0.05, change).start()
    before = index
    index, found = ids(client, index=before, wait="20s")
    assert index > before, (before, index)
    assert found == expected, (found, expected)
    return index


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
