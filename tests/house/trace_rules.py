"""trace_rules.py FILE: whether an export of tools/trace keeps the rules that viewers go by: trace-viewer
refuses or misplaces what breaks them, and Perfetto drops it without a word.
trace_rules.py --make FILE: writes a trace by hand in which tasks fault, are switched away and move."""
import json
import re
import struct
import sys

HALF = 0.0005		# microseconds: the format has them as fractions
COLOURS = {"thread_state_running", "thread_state_iowait", "thread_state_runnable", "cq_build_failed",
           "rail_animation"}		# of those that trace-viewer knows; it does not open a file with another


def rows(events):
    found = {}
    for e in events:
        if e["ph"] == "X":
            found.setdefault((e["pid"], e["tid"]), []).append((e["ts"], e["ts"] + e["dur"], e["name"]))
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
    assert ends["s"] and ends["s"].keys() == ends["f"].keys(), "arrows without one end, or none at all"
    for number, start in ends["s"].items():
        end = ends["f"][number]
        assert isinstance(number, int) and end["bp"] == "e" and start["ts"] <= end["ts"]
        assert all(start[key] == end[key] for key in ("name", "cat")) and start["tid"] != end["tid"]
        for e, name in (start, "shootdown "), (end, "answers"):
            slices = by_row[e["pid"], e["tid"]]
            assert any(s[0] <= e["ts"] < s[1] and s[2].startswith(name) for s in slices), f"{e} is outside"


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
    body = re.search(r"enum trace_event \{(.*?)\};", open("kernel/base/trace.h").read(), re.S).group(1)
    return {name: number for number, name in enumerate(re.findall(r"\bTRACE_(\w+),", body))}


def make(path):
    """Task 1 is switched away in its fault and goes on elsewhere; meanwhile task 2 does the same. Task 3
    faults 1 ns after its CPU was interrupted, and nobody sees the end of it."""
    number = numbers()
    with open(path, "wb") as out:
        for time, cpu, task, name, *words in (
                (1000, 0, 0, "SWITCH", 0, 1), (1100, 2, 0, "SWITCH", 0, 3), (1200, 0, 1, "FAULT", 0x1000),
                (1300, 0, 1, "SWITCH", 1, 2), (1400, 0, 2, "FAULT", 0x2000), (1500, 1, 0, "SWITCH", 0, 1),
                (1600, 0, 2, "SWITCH", 2, 0), (1700, 1, 1, "IPI_SEND", 7, 4), (1800, 2, 3, "IPI_RECEIVE", 7),
                (1801, 2, 3, "FAULT", 0x3000), (1900, 1, 1, "IPI_DONE", 7),
                (2000, 1, 1, "FLUSH", 0x5000, 0x6000, 4), (2100, 1, 1, "FAULT_END", 0x1000),
                (2200, 1, 1, "SWITCH", 1, 2), (2300, 1, 2, "FAULT_END", 0x2000)):
            words = (words + [0, 0])[:3]
            out.write(struct.pack("<QQQQIBBBB", time, *words, task, number[name], cpu, 0, 0))


if sys.argv[1] == "--make":
    make(sys.argv[2])
else:
    check(sys.argv[1])
