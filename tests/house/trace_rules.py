"""trace_rules.py FILE: whether an export of tools/trace keeps the rules that viewers go by: they
refuse, misplace or drop what breaks them.
trace_rules.py --make FILE: writes a trace in which tasks fault, are switched away and move."""
import json
import re
import struct
import sys

HALF = 0.0005		# microseconds: the format has them as fractions
# Of those that trace-viewer knows: it does not open a file with another.
COLOURS = {"thread_state_running", "thread_state_iowait", "thread_state_runnable",
           "cq_build_failed", "rail_animation"}


def rows(events):
    found = {}
    for e in events:
        if e["ph"] == "X":
            slice = (e["ts"], e["ts"] + e["dur"], e["name"])
            found.setdefault((e["pid"], e["tid"]), []).append(slice)
    return found


def check_nesting(row):
    around = []
    for slice in row:			# as the file has them: from the outside to the inside
        while around and around[-1][1] < slice[0] + HALF:
            around.pop()
        assert not around or slice[1] <= around[-1][1] + HALF, f"{slice} leaves {around[-1]}"
        around.append(slice)


def check_arrows(events, by_row):
    ends = {ph: {e["id"]: e for e in events if e["ph"] == ph} for ph in "sf"}
    assert ends["s"] and ends["s"].keys() == ends["f"].keys(), "arrows with one end, or none"
    for number, start in ends["s"].items():
        end = ends["f"][number]
        assert isinstance(number, int) and end["bp"] == "e" and start["ts"] <= end["ts"]
        assert start["name"] == end["name"] and start["cat"] == end["cat"]
        assert start["tid"] != end["tid"]
        for e, name in (start, "shootdown "), (end, "answers"):
            slices = [s for s in by_row[e["pid"], e["tid"]] if s[2].startswith(name)]
            assert any(s[0] <= e["ts"] <= s[1] for s in slices), f"{e} is outside"


def check(path):
    events = json.load(open(path))["traceEvents"]
    by_row = rows(events)
    for row in by_row.values():
        check_nesting(row)
    check_arrows(events, by_row)
    timed = [e["ts"] for e in events if "ts" in e]
    assert timed == sorted(timed), "out of order"
    assert {e["cname"] for e in events if "cname" in e} <= COLOURS
    named = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    order = {e["tid"]: e["args"]["sort_index"] for e in events if e["name"] == "thread_sort_index"}
    assert {tid for _, tid in by_row} <= named.keys() == order.keys()
    assert all(named[cpu] == f"CPU {cpu}" and order[cpu] == cpu for cpu in named)
    assert [e["args"]["name"] for e in events if e["name"] == "process_name"] == ["Pleat"]


def numbers():
    header = open("kernel/base/trace.h").read()
    body = re.search(r"enum trace_event \{(.*?)\};", header, re.S).group(1)
    return {name: number for number, name in enumerate(re.findall(r"\bTRACE_(\w+),", body))}


def make(path):
    """Task 1 is switched away in its fault and goes on elsewhere; meanwhile task 2 does the same.
    Task 3 faults 1 ns after its CPU was interrupted, and nobody sees the end of it."""
    number = numbers()
    with open(path, "wb") as out:
        for time, cpu, task, name, *words in (
                (1000, 0, 0, "SWITCH", 0, 1), (1100, 2, 0, "SWITCH", 0, 3),
                (1200, 0, 1, "FAULT", 0x1000), (1300, 0, 1, "SWITCH", 1, 2),
                (1400, 0, 2, "FAULT", 0x2000), (1500, 1, 0, "SWITCH", 0, 1),
                (1600, 0, 2, "SWITCH", 2, 0), (1700, 1, 1, "IPI_SEND", 7, 4),
                (1800, 2, 3, "IPI_RECEIVE", 7), (1801, 2, 3, "FAULT", 0x3000),
                (1900, 1, 1, "IPI_DONE", 7),
                (2000, 1, 1, "FLUSH", 0x5000, 0x6000, 4), (2100, 1, 1, "FAULT_END", 0x1000),
                (2200, 1, 1, "SWITCH", 1, 2), (2300, 1, 2, "FAULT_END", 0x2000)):
            words = (words + [0, 0])[:3]
            out.write(struct.pack("<QQQQIBBBB", time, *words, task, number[name], cpu, 0, 0))


if sys.argv[1] == "--make":
    make(sys.argv[2])
else:
    check(sys.argv[1])
