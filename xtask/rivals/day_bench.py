"""Runs one rival on a city's day written by `bench day --out DIR` and prints one JSON line.

Served visits come first, then the seconds on the way. Ways are straight lines, rounded up to whole seconds as in the planner.
The rival's plan is judged here, not by itself; a plan that breaks a rule counts for nothing.
"""
import argparse, datetime, json, os, resource, subprocess, tempfile, time
from pathlib import Path
from vrptw_bench import cpu, fed


def table(day):
    """Seconds between all places, visits first, then the workers' homes."""
    import numpy as np
    at = np.array([(p["east"], p["north"]) for p in day["visits"] + day["workers"]], dtype=np.float64)
    rows = [np.ceil(np.sqrt(((at - a) ** 2).sum(axis=1)) * day["seconds_per_metre"]).astype(np.uint32) for a in at]
    return np.stack(rows)


def skills(bits):
    return [k for k in range(64) if bits >> k & 1]


def judge(day, ways, routes):
    """Visits left out and minutes on the way; an exception where a rule is broken."""
    count, seen, travel = len(day["visits"]), set(), 0
    for w, route in routes.items():
        worker = day["workers"][w]
        clock, at = worker["from"], count + w
        for v in route:
            visit = day["visits"][v]
            assert v not in seen and visit["skills"] & ~worker["skills"] == 0, f"visit {v}"
            seen.add(v)
            way = int(ways[at][v])
            travel += way
            clock = max(clock + way, visit["from"])
            assert clock <= visit["until"], f"visit {v} is late"
            clock, at = clock + visit["seconds"], v
        way = int(ways[at][count + w])
        travel += way
        assert clock + way <= worker["until"], f"worker {w} is home late"
    return count - len(seen), travel // 60


def vroom(day, ways, seconds, _):
    import vroom as lib
    count = len(day["visits"])
    problem = lib.Input()
    problem.set_durations_matrix("car", ways)
    for w, worker in enumerate(day["workers"]):
        problem.add_vehicle(lib.Vehicle(w + 1, start=count + w, end=count + w, skills=set(skills(worker["skills"])),
                                        time_window=[worker["from"], worker["until"]]))
    for v, visit in enumerate(day["visits"]):
        problem.add_job(lib.Job(v + 1, location=v, default_service=visit["seconds"], skills=set(skills(visit["skills"])),
                                time_windows=[lib.TimeWindow(visit["from"], visit["until"])]))
    solve = lambda wall: problem.solve(exploration_level=5, nb_threads=1, timeout=datetime.timedelta(seconds=wall))
    found, used = fed(seconds, solve)
    routes = {int(w) - 1: [int(i) - 1 for i in part[part["type"] == "job"]["id"]]
              for w, part in found.routes.groupby("vehicle_id")}
    return routes, used


def vrp_cli(day, ways, seconds, program):
    stamp = lambda at: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    count = len(day["visits"])
    jobs = [{"id": str(v), "services": [{"places": [{"location": {"index": v}, "duration": visit["seconds"],
             "times": [[stamp(visit["from"]), stamp(visit["until"])]]}]}],
             "skills": {"allOf": [str(k) for k in skills(visit["skills"])]}}
            for v, visit in enumerate(day["visits"])]
    fleet = [{"typeId": f"t{w}", "vehicleIds": [str(w)], "profile": {"matrix": "car"},
              "costs": {"fixed": 0, "distance": 1, "time": 0}, "capacity": [count],
              "skills": [str(k) for k in skills(worker["skills"])],
              "shifts": [{"start": {"earliest": stamp(worker["from"]), "location": {"index": count + w}},
                          "end": {"latest": stamp(worker["until"]), "location": {"index": count + w}}}]}
             for w, worker in enumerate(day["workers"])]
    wish = [{"type": "minimize-unassigned"}, {"type": "minimize-cost"}]
    flat = ways.flatten().tolist()
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        whole = {"plan": {"jobs": jobs}, "fleet": {"vehicles": fleet, "profiles": [{"name": "car"}]}, "objectives": wish}
        Path(at("p.json")).write_text(json.dumps(whole))
        Path(at("m.json")).write_text(json.dumps({"profile": "car", "travelTimes": flat, "distances": flat}))
        _, used = fed(seconds, lambda wall: subprocess.run(
            [program, "solve", "pragmatic", at("p.json"), "-m", at("m.json"), "-o", at("s.json"),
             "--max-time", str(max(1, round(wall))), "--parallelism", "1,1"], check=True, stdout=subprocess.DEVNULL))
        found = json.loads(Path(at("s.json")).read_text())
    routes = {int(tour["vehicleId"]): [int(a["jobId"]) for stop in tour["stops"] for a in stop["activities"]
                                       if a["type"] == "service"] for tour in found["tours"]}
    return routes, used


SOLVERS = {"vroom": vroom, "vrp-cli": vrp_cli}


def main():
    line = argparse.ArgumentParser()
    line.add_argument("solver", choices=SOLVERS)
    line.add_argument("--day", type=Path, required=True)
    line.add_argument("--seconds", type=float, default=10)
    line.add_argument("--program")
    ask = line.parse_args()
    day = json.loads(ask.day.read_text())
    out = {"bench": "P10", "solver": ask.solver, "visits": len(day["visits"]), "workers": len(day["workers"]),
           "threads": 1}
    try:
        ways = table(day)
        routes, used = SOLVERS[ask.solver](day, ways, ask.seconds, ask.program)
        left, minutes = judge(day, ways, routes)
        out |= {"unassigned": left, "travel_minutes": minutes}
    except Exception as e:  # a rival's failure is a result, too
        used = cpu()
        out |= {"unassigned": None, "error": f"{type(e).__name__}: {e}"[:300]}
    who = [resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps(out | {"cpu_seconds": round(used, 3), "peak_mib": max(who) // 1024}))


if __name__ == "__main__":
    main()
