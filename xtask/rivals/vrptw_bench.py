"""Runs one rival on VRPTW instances (SINTEF text format) and prints one JSON line per instance.

Distances are Euclidean, cut off to one decimal, counted in tenths; distance alone is minimised. Every rival gets the same
CPU seconds on one thread; its plan is judged here, not by itself, and a plan that breaks a rule has no cost.
"""
import argparse, csv, json, math, os, resource, subprocess, sys, tempfile, time
from pathlib import Path


def read(path):
    rows = [line.split() for line in path.read_text().splitlines() if line.split()]
    fleet = next(i for i, r in enumerate(rows) if r[0].upper() == "NUMBER") + 1
    vehicles, capacity = map(int, rows[fleet])
    places = [list(map(int, r)) for r in rows[fleet + 3:]]
    table = [[math.isqrt(100 * ((a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)) for b in places] for a in places]
    return {"name": rows[0][0], "vehicles": vehicles, "capacity": capacity, "table": table,
            "demand": [p[3] for p in places], "ready": [10 * p[4] for p in places],
            "due": [10 * p[5] for p in places], "service": [10 * p[6] for p in places]}


def judge(task, routes):
    """Distance in tenths; None where a rule is broken."""
    total, seen = 0, []
    for route in routes:
        at, clock = 0, task["ready"][0]
        if sum(task["demand"][c] for c in route) > task["capacity"]:
            return None
        for c in list(route) + [0]:
            total += task["table"][at][c]
            clock = max(clock + task["table"][at][c], task["ready"][c])
            if clock > task["due"][c]:
                return None
            clock += task["service"][c]
            at = c
        seen += route
    complete = sorted(seen) == list(range(1, len(task["demand"])))
    return total if complete and len(routes) <= task["vehicles"] else None


def cpu():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def fed(seconds, run):
    """For rivals that only know wall time: on a loaded machine they are asked again, for longer, until they had their CPU
    seconds or ended by themselves. The last time counts."""
    wall = seconds
    for _ in range(4):
        began, start = cpu(), time.monotonic()
        result = run(wall)
        used = cpu() - began
        if used >= 0.8 * seconds or time.monotonic() - start < 0.9 * wall:
            break
        wall *= min(20, seconds / max(used, 0.01))
    return result, used


def pyvrp(task, seconds, seed, _):
    import pyvrp as lib
    import numpy as np
    n = len(task["demand"])
    clients = [lib.Client(location=i, delivery=[task["demand"][i]], service_duration=task["service"][i],
                          tw_early=task["ready"][i], tw_late=task["due"][i]) for i in range(1, n)]
    fleet = [lib.VehicleType(task["vehicles"], [task["capacity"]], tw_early=task["ready"][0], tw_late=task["due"][0])]
    table = np.array(task["table"], dtype=np.int64)
    data = lib.ProblemData(locations=[lib.Location(0, 0) for _ in range(n)], clients=clients,
                           depots=[lib.Depot(location=0)], vehicle_types=fleet, distance_matrices=[table],
                           duration_matrices=[table])
    begin = cpu()
    result = lib.solve(data, lambda _best: cpu() - begin > seconds, seed=seed, display=False)
    # An activity counts clients from 0.
    routes = [[a.idx + 1 for a in route.schedule() if a.is_client()]
              for route in result.best.routes()]
    return routes, result.num_iterations


def ortools(task, seconds, seed, _):
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2 as enums
    n = len(task["demand"])
    manager = pywrapcp.RoutingIndexManager(n, task["vehicles"], 0)
    routing = pywrapcp.RoutingModel(manager)
    way = routing.RegisterTransitMatrix(task["table"])
    routing.SetArcCostEvaluatorOfAllVehicles(way)
    load = routing.RegisterUnaryTransitVector(task["demand"])
    routing.AddDimension(load, 0, task["capacity"], True, "load")
    lasting = [[task["service"][i] + task["table"][i][j] for j in range(n)] for i in range(n)]
    horizon = task["due"][0]
    routing.AddDimension(routing.RegisterTransitMatrix(lasting), horizon, horizon, False, "time")
    clock = routing.GetDimensionOrDie("time")
    for i in range(1, n):
        clock.CumulVar(manager.NodeToIndex(i)).SetRange(task["ready"][i], task["due"][i])
    ask = pywrapcp.DefaultRoutingSearchParameters()
    ask.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    ask.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    # Wall seconds, far away: the limit that counts is CPU time.
    ask.time_limit.FromSeconds(int(20 * seconds) + 60)
    begin = cpu()
    spent = routing.solver().CustomLimit(lambda: cpu() - begin > seconds)
    routing.AddSearchMonitor(spent)
    found = routing.SolveWithParameters(ask)
    if found is None:
        return [], 0
    routes = []
    for v in range(task["vehicles"]):
        at, route = routing.Start(v), []
        while not routing.IsEnd(at):
            at = found.Value(routing.NextVar(at))
            if not routing.IsEnd(at):
                route.append(manager.IndexToNode(at))
        if route:
            routes.append(route)
    return routes, 0


def vroom(task, seconds, _seed, _):
    import vroom as lib
    import numpy as np
    n = len(task["demand"])
    problem = lib.Input()
    table = np.array(task["table"], dtype=np.uint32)
    problem.set_durations_matrix("car", table)
    problem.set_distances_matrix("car", table)
    for v in range(task["vehicles"]):
        problem.add_vehicle(lib.Vehicle(v + 1, start=0, end=0, capacity=[task["capacity"]],
                                        time_window=[task["ready"][0], task["due"][0]]))
    for i in range(1, n):
        problem.add_job(lib.Job(i, location=i, default_service=task["service"][i], delivery=[task["demand"][i]],
                                time_windows=[lib.TimeWindow(task["ready"][i], task["due"][i])]))
    import datetime
    solve = lambda wall: problem.solve(exploration_level=5, nb_threads=1, timeout=datetime.timedelta(seconds=wall))
    found, used = fed(seconds, solve)
    frame = found.routes
    routes = [list(map(int, part[part["type"] == "job"]["id"])) for _, part in frame.groupby("vehicle_id")]
    return routes, 0, used


def vrp_cli(task, seconds, _seed, program):
    """Pragmatic format with our own distances."""
    stamp = lambda tenths: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(tenths))
    n = len(task["demand"])
    place = lambda i: {"index": i}
    jobs = [{"id": str(i), "deliveries": [{"places": [{"location": place(i), "duration": task["service"][i],
             "times": [[stamp(task["ready"][i]), stamp(task["due"][i])]]}], "demand": [task["demand"][i]]}]}
            for i in range(1, n)]
    shift = {"start": {"earliest": stamp(task["ready"][0]), "location": place(0)},
             "end": {"latest": stamp(task["due"][0]), "location": place(0)}}
    fleet = {"vehicles": [{"typeId": "v", "vehicleIds": [f"v{k}" for k in range(task["vehicles"])],
                           "profile": {"matrix": "car"}, "costs": {"fixed": 0, "distance": 1, "time": 0},
                           "shifts": [shift], "capacity": [task["capacity"]]}], "profiles": [{"name": "car"}]}
    wish = [{"type": "minimize-unassigned"}, {"type": "minimize-cost"}]
    flat = [d for row in task["table"] for d in row]
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        Path(at("p.json")).write_text(json.dumps({"plan": {"jobs": jobs}, "fleet": fleet, "objectives": wish}))
        Path(at("m.json")).write_text(json.dumps({"profile": "car", "travelTimes": flat, "distances": flat}))
        _, used = fed(seconds, lambda wall: subprocess.run(
            [program, "solve", "pragmatic", at("p.json"), "-m", at("m.json"), "-o", at("s.json"),
             "--max-time", str(max(1, round(wall))), "--parallelism", "1,1"], check=True, stdout=subprocess.DEVNULL))
        found = json.loads(Path(at("s.json")).read_text())
    routes = [[int(a["jobId"]) for stop in tour["stops"] for a in stop["activities"] if a["type"] == "delivery"]
              for tour in found["tours"]]
    return [r for r in routes if r], 0, used


SOLVERS = {"pyvrp": pyvrp, "ortools": ortools, "vroom": vroom, "vrp-cli": vrp_cli}


def main():
    line = argparse.ArgumentParser()
    line.add_argument("solver", choices=SOLVERS)
    line.add_argument("--instances", type=Path, required=True)
    line.add_argument("--best-known", type=Path)
    line.add_argument("--seconds", type=float, default=10)
    line.add_argument("--seed", type=int, default=1)
    line.add_argument("--program")
    ask = line.parse_args()
    known = {}
    if ask.best_known:
        with ask.best_known.open() as rows:
            known = {r["instance"]: float(r["best_known"]) for r in csv.DictReader(rows)}
    files = sorted(ask.instances.glob("*.txt")) if ask.instances.is_dir() else [ask.instances]
    failed = False
    for file in files:
        task = read(file)
        begin = cpu()
        out = {"solver": ask.solver, "instance": task["name"], "seed": ask.seed, "threads": 1}
        try:
            routes, iterations, *used = SOLVERS[ask.solver](task, ask.seconds, ask.seed, ask.program)
            tenths = judge(task, routes)
            best = known.get(task["name"])
            out |= {"cost": tenths and tenths / 10, "routes": len(routes), "iterations": iterations,
                    "best_known": best,
                    "gap_percent": tenths and best and round(100 * (tenths / 10 - best) / best, 4)}
        except Exception as e:  # a rival's failure is a result, too
            out |= {"cost": None, "error": f"{type(e).__name__}: {e}"[:300]}
            failed = True
            used = []
        out["cpu_seconds"] = round(used[0] if used else cpu() - begin, 3)
        out["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(out), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
