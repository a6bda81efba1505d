"""What the measurements share: undisturbed runs, and results with the machine they come from."""
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import time

# How often each is measured; `make bench RUNS=3` is for those who have less time.
RUNS = int(os.environ.get("RUNS", "5"))
FLOWS = 64
HERE = os.path.dirname(os.path.abspath(__file__))


def ticks():
    """Clock ticks that all processes have used so far, those of this one's dead children, and of living servers."""
    with open("/proc/stat") as f:
        fields = [int(field) for field in f.readline().split()[1:]]
    # Idle, waiting for disks, and guests (already counted as user) are not use.
    return sum(fields[:3]) + sum(fields[5:8])


def own_seconds():
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in SERVERS:
        pids = [child.pid]
        try:
            with open(f"/proc/{child.pid}/task/{child.pid}/children") as f:
                pids += [int(pid) for pid in f.read().split()]
            for pid in pids:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except OSError:
            pass
    return total


SERVERS = []
FOREIGN = []


def undisturbed(measure):
    """What `measure` returns, from a run that others left alone as far as that can be had within three attempts."""
    for attempt in range(3):
        begin, used, own = time.monotonic(), ticks(), own_seconds()
        result = measure()
        busy = (ticks() - used) / os.sysconf("SC_CLK_TCK") - (own_seconds() - own)
        foreign = max(0.0, busy / (time.monotonic() - begin))
        if foreign <= 0.1 or attempt == 2:
            FOREIGN.append(round(foreign, 2))
            return result


def run(command, stdout=subprocess.DEVNULL):
    """Runs a command to its end: wall and CPU seconds, peak memory in MB, status."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "wall": time.monotonic() - begin, "cpu": usage.ru_utime + usage.ru_stime,
        "rssMB": usage.ru_maxrss / 1024, "status": child.returncode}


def summary(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def plain(commands):
    """Commands as somebody else would type them: files of the project by their place in it, all others by their name."""
    if isinstance(commands, dict):
        return {key: plain(command) for key, command in commands.items()}
    if not isinstance(commands, str):
        return [plain(command) for command in commands]

    def word(text):
        if not text.startswith("/") or text.startswith("/dev/"):
            return text
        inside = os.path.relpath(text, os.path.dirname(HERE))
        return os.path.basename(text) if inside.startswith(".") else inside
    return " ".join(word(text) for text in commands.split(" "))


def save(name, commands, data):
    date = datetime.date.today().isoformat()
    path = os.path.join(HERE, "results", f"{date}-{name}.json")
    with open("/proc/cpuinfo") as f:
        model = re.search(r"model name\s*: (.*)", f.read())
    document = {
        "date": date, "cpu": model.group(1) if model else "", "cores": os.cpu_count(), "kernel": platform.release(),
        "nice": os.nice(0),
        **({"foreignCores": summary(FOREIGN), "disturbed": max(FOREIGN) > 0.1} if FOREIGN else {}),
        "commands": plain(commands), **data}
    FOREIGN.clear()
    with open(path, "w") as f:
        json.dump(document, f, indent=1)
        f.write("\n")
    print(json.dumps(data, indent=1))
