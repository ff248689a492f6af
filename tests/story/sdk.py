"""The same story by openstacksdk, and its network and compute part as Terraform goes about it: create, read, update, read,
delete, read (404), each read the same as the one before.
"""
import os
import tempfile

import openstack
from openstack import exceptions

from client import Guest, say, until
from leftovers import Leftovers


def steady(read):
    """What is read twice in a row must not differ, or a tool that compares would never come to rest."""
    one, two = read().to_dict(), read().to_dict()
    differing = {key: (one[key], two[key]) for key in one if one[key] != two[key]}
    assert not differing, differing
    return one


def gone(read):
    try:
        found = read()
    except exceptions.NotFoundException as error:
        assert error.status_code == 404
        return
    raise AssertionError(f"still there: {found}")


def cycle(what, create, get, update, delete, changed):
    """Create, read, update, read, delete, 404; delete again is 404 too."""
    made = create()
    before = steady(lambda: get(made.id))
    update(made)
    after = steady(lambda: get(made.id))
    for key, value in changed.items():
        assert after[key] == value, (what, key, after[key], value)
    same = {key for key in before if before[key] == after[key]}
    assert {"id", "created_at"} & same, what
    delete(made.id)
    until(f"{what} to be gone", 30, lambda: missing(get, made.id))
    gone(lambda: get(made.id))
    say("cycle:", what)


def missing(get, name):
    try:
        get(name)
    except exceptions.NotFoundException:
        return True
    return False


def cycles(cloud):
    network, compute = cloud.network, cloud.compute
    cycle("network", lambda: network.create_network(name="tf", description="a"), network.get_network,
          lambda made: network.update_network(made, name="tf2", description="b"),
          lambda id: network.delete_network(id, ignore_missing=False), {"name": "tf2", "description": "b"})
    net = network.create_network(name="tf")
    cycle("subnet", lambda: network.create_subnet(network_id=net.id, cidr="10.20.0.0/24", ip_version=4, name="tf"),
          network.get_subnet,
          lambda made: network.update_subnet(made, name="tf2", dns_nameservers=["192.0.2.1"], is_dhcp_enabled=False),
          lambda id: network.delete_subnet(id, ignore_missing=False), {"name": "tf2", "dns_nameservers": ["192.0.2.1"]})
    subnet = network.create_subnet(network_id=net.id, cidr="10.20.0.0/24", ip_version=4, name="tf")
    cycle("port", lambda: network.create_port(network_id=net.id, fixed_ips=[{"subnet_id": subnet.id, "ip_address": "10.20.0.50"}]),
          network.get_port, lambda made: network.update_port(made, name="tf2", is_admin_state_up=False),
          lambda id: network.delete_port(id, ignore_missing=False), {"name": "tf2", "is_admin_state_up": False})
    cycle("router", lambda: network.create_router(name="tf"), network.get_router,
          lambda made: network.update_router(made, name="tf2"),
          lambda id: network.delete_router(id, ignore_missing=False), {"name": "tf2"})
    cycle("security group", lambda: network.create_security_group(name="tf"), network.get_security_group,
          lambda made: network.update_security_group(made, name="tf2", description="b"),
          lambda id: network.delete_security_group(id, ignore_missing=False), {"name": "tf2"})
    public = network.find_network("public")
    cycle("floating ip", lambda: network.create_ip(floating_network_id=public.id), network.get_ip,
          lambda made: network.update_ip(made, description="b"),
          lambda id: network.delete_ip(id, ignore_missing=False), {"description": "b"})
    network.delete_subnet(subnet), network.delete_network(net)
    cycle("server group", lambda: compute.create_server_group(name="tf", policy="anti-affinity"), compute.get_server_group,
          lambda made: None, lambda id: compute.delete_server_group(id, ignore_missing=False), {"name": "tf"})


def story(cloud):
    folder = tempfile.mkdtemp(prefix="sdk-")
    guest = os.environ["LAB_GUEST_IMAGE"]
    image = cloud.create_image("sdk-guest", filename=guest, disk_format="qcow2", container_format="bare", wait=True)
    assert image.status == "active"
    flavor = cloud.create_flavor("sdk", ram=160, vcpus=1, disk=1)
    keypair = cloud.compute.create_keypair(name="sdk", public_key=public_key(folder))
    net = cloud.network.create_network(name="sdk")
    subnet = cloud.network.create_subnet(network_id=net.id, cidr="10.30.0.0/24", ip_version=4)
    public = cloud.network.find_network("public")
    router = cloud.network.create_router(name="sdk", external_gateway_info={"network_id": public.id})
    cloud.network.add_interface_to_router(router, subnet_id=subnet.id)
    group = cloud.network.create_security_group(name="sdk")
    for rule in ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, {"protocol": "icmp"}):
        cloud.network.create_security_group_rule(security_group_id=group.id, direction="ingress", **rule)

    server = cloud.compute.create_server(name="sdk", image_id=image.id, flavor_id=flavor.id, key_name="sdk",
                                         networks=[{"uuid": net.id}], security_groups=[{"name": "sdk"}])
    server = cloud.compute.wait_for_server(server, wait=180)
    steady(lambda: cloud.compute.get_server(server.id))
    cloud.compute.update_server(server, name="sdk-renamed", description="b")
    assert cloud.compute.get_server(server.id).name == "sdk-renamed"
    port = next(cloud.network.ports(device_id=server.id))
    address = cloud.network.create_ip(floating_network_id=public.id, port_id=port.id)
    login = Guest(address.floating_ip_address, f"{folder}/key")
    login.wait()
    login.run("ping -c 1 -W 5 10.30.0.1")

    volume = cloud.block_storage.create_volume(size=1, name="sdk")
    volume = cloud.block_storage.wait_for_status(volume, "available", wait=60)
    attachment = cloud.compute.create_volume_attachment(server, volume_id=volume.id)
    cloud.block_storage.wait_for_status(volume, "in-use", wait=60)
    until("the disk in the guest", 30, lambda: login.run("ls /dev/vdb", check=False).returncode == 0)
    cloud.compute.delete_volume_attachment(server, volume.id)
    cloud.block_storage.wait_for_status(volume, "available", wait=60)
    assert attachment.volume_id == volume.id

    extra = cloud.network.create_port(network_id=net.id)
    cloud.compute.create_server_interface(server, port_id=extra.id)
    until("the second card in the guest", 30, lambda: login.run("ls /sys/class/net/eth1", check=False).returncode == 0)
    cloud.compute.delete_server_interface(extra.id, server=server)
    until("the second card to be gone", 30, lambda: not list(cloud.network.ports(device_id=server.id, id=extra.id)))
    assert "login" in cloud.get_server_console(server)

    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, wait=60)
    gone(lambda: cloud.compute.get_server(server.id))
    cloud.network.delete_ip(address)
    if cloud.network.find_port(extra.id):
        cloud.network.delete_port(extra)
    cloud.block_storage.delete_volume(volume)
    cloud.block_storage.wait_for_delete(volume, wait=60)
    cloud.network.remove_interface_from_router(router, subnet_id=subnet.id)
    cloud.network.delete_router(router)
    cloud.network.delete_network(net)
    cloud.network.delete_security_group(group)
    cloud.compute.delete_keypair(keypair)
    cloud.compute.delete_flavor(flavor)
    cloud.image.delete_image(image)


def public_key(folder):
    import subprocess
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key"], check=True)
    with open(f"{folder}/key.pub") as file:
        return file.read().strip()


def main():
    left = Leftovers()
    cloud = openstack.connect()
    cycles(cloud)
    story(cloud)
    left.none()
    print("1 passed, 0 failed", flush=True)


main()
