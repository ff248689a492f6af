"""The same requests to OpenStack and to Pileus: status, headers and shape of the answers must be the same.

    run.py [FILE...]             asks the cloud of OS_* and compares with what OpenStack answered when it was recorded
    run.py --record [FILE...]    asks the reference and records its answers
    run.py --live [FILE...]      asks both and compares
    run.py --settle [FILE...]    compares, and writes into open/ what differs and is not wanted

FILE is a file of cases (`keystone`). The reference is named by `--reference-clouds CLOUDS.YAML --reference NAME`, or by
REFERENCE_OS_AUTH_URL, REFERENCE_OS_USERNAME, REFERENCE_OS_PASSWORD and REFERENCE_OS_PROJECT_NAME.
"""
import argparse
import collections
import importlib
import itertools
import json
import os
import sys
import time

from asking import Ask
from cloud import Cloud, from_file
from compare import Open, Wanted, differences

HERE = os.path.dirname(os.path.abspath(__file__))


def files():
    return sorted(name[:-3] for name in os.listdir(os.path.join(HERE, "cases")) if name.endswith(".py") and name[0] != "_")


def answers(environment, names):
    """What a cloud answers: for each file of cases, the answers and what was said in full."""
    cloud = Cloud(environment)
    noted = {}
    try:
        for name in names:
            started = time.monotonic()
            cloud.renew()
            module = importlib.import_module(f"cases.{name}")
            ask = Ask(cloud, module.SERVICE)
            mark = len(cloud.undo)
            try:
                module.cases(ask)
            finally:
                mine, cloud.undo = cloud.undo[mark:], cloud.undo[:mark]
                for service, path in reversed(mine):
                    cloud.send(service, "DELETE", path)
            noted[name] = ask
            print(f"{name}: {len(ask.answers)} requests in {time.monotonic() - started:.1f} s", flush=True)
    finally:
        cloud.leave()
    return noted


def place(name):
    return os.path.join(HERE, "reference", f"{name}.json")


def record(name, noted):
    """One line for each case; headers that most answers have, and bodies that several have, stand once."""
    counted = collections.Counter(pair for answer in noted.values() for pair in answer["headers"].items())
    usual = {key: value for (key, value), number in counted.items() if number > len(noted) / 2}
    texts = collections.Counter(compact(answer["body"]) for answer in noted.values() if "body" in answer)
    bodies = [text for text, number in texts.items() if number > 1 and len(text) > 60]
    cases = []
    for case, answer in noted.items():
        headers = {key: value for key, value in answer["headers"].items() if usual.get(key) != value}
        headers |= {key: None for key in usual if key not in answer["headers"]}
        line = {"status": answer["status"], **({"headers": headers} if headers else {})}
        if "body" in answer:
            text = compact(answer["body"])
            line |= {"same": bodies.index(text)} if text in bodies else {"body": answer["body"]}
        cases.append(f"{json.dumps(case)}: {compact(line)}")
    with open(place(name), "w") as file:
        file.write('{"usual": ' + compact(usual) + ',\n "bodies": [\n  ' + ",\n  ".join(bodies))
        file.write('],\n "cases": {\n  ' + ",\n  ".join(cases) + "\n }}\n")


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def recorded(name):
    with open(place(name)) as file:
        stored = json.load(file)
    for answer in stored["cases"].values():
        headers = {**stored["usual"], **answer.get("headers", {})}
        answer["headers"] = {key: value for key, value in headers.items() if value is not None}
        if "same" in answer:
            answer["body"] = stored["bodies"][answer.pop("same")]
    return stored["cases"]


def compare(names, reference, ours, arguments):
    wanted, debts = Wanted(), Open(names)
    compared, silent, known = 0, 0, 0
    fresh = []
    for name in names:
        for case in sorted(set(reference[name]) ^ set(ours[name].answers)):
            fresh.append((name, case, "case", "asked" if case in reference[name] else "not asked", "record again"))
        for case, answer in ours[name].answers.items():
            if reference[name].get(case, {"status": 0})["status"] == 0:
                silent += case in reference[name]
                continue
            compared += 1
            for found in differences(reference[name][case], answer):
                if wanted.covers(name, case, *found):
                    continue
                if debts.covers(name, case, found[0]):
                    known += 1
                else:
                    fresh.append((name, case, *found))
    if arguments.settle:
        debts.settle((name, case, at) for name, case, at, _, _ in fresh)
    (by_difference if arguments.brief else by_case)(fresh, ours if arguments.verbose else None)
    idle = wanted.show(names)
    for row in idle:
        print(f"not needed any more in differences.toml: {row}")
    for row in debts.paid():
        print(f"not needed any more in open/: {row}")
    print(f"\n{compared} requests compared; {silent} more were not answered by OpenStack at all")
    print(f"{sum(wanted.used)} differences are wanted, {known} are open, {len(fresh)} are new")
    return 0 if arguments.settle or not (fresh or idle or debts.paid()) else 1


def by_case(fresh, said):
    for (name, case), group in itertools.groupby(fresh, lambda row: row[:2]):
        print(f"\n{name}: {case}")
        for _, _, at, one, other in group:
            print(f"    {at}\n      OpenStack: {json.dumps(one)[:400]}\n      Pileus:    {json.dumps(other)[:400]}")
        if said and case in said[name].said:
            print(f"    said: {said[name].said[case]}")


def by_difference(fresh, _):
    """The same difference once, with the number of cases that have it and the first of them."""
    alike = collections.defaultdict(list)
    for name, case, at, one, other in fresh:
        alike[(name, at, json.dumps(one)[:240], json.dumps(other)[:240])].append(case)
    for (name, at, one, other), cases in sorted(alike.items(), key=lambda item: -len(item[1])):
        print(f"{len(cases)} x {name} {at}: {one} | {other} | {cases[0][:150]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", choices=[[], *files()], metavar="FILE")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--reference-clouds", metavar="CLOUDS.YAML")
    parser.add_argument("--reference", metavar="NAME")
    parser.add_argument("--settle", action="store_true")
    parser.add_argument("--brief", action="store_true", help="show each difference once, however many cases have it")
    parser.add_argument("--verbose", action="store_true", help="show what was answered in full")
    arguments = parser.parse_args()
    names = arguments.files or files()
    if arguments.record or arguments.live:
        prefix = "REFERENCE_"
        environment = from_file(arguments.reference_clouds, arguments.reference) if arguments.reference else \
            {key[len(prefix):]: value for key, value in os.environ.items() if key.startswith(prefix + "OS_")}
        reference = {name: ask.answers for name, ask in answers(environment, names).items()}
    else:
        reference = {name: recorded(name) for name in names}
    if arguments.record:
        for name in names:
            record(name, reference[name])
        return 0
    return compare(names, reference, answers(os.environ, names), arguments)


sys.exit(main())
